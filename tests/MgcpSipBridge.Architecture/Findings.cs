namespace MgcpSipBridge.Architecture;

/// <summary>Fails with every finding on a line of its own, where the framework's message would cut the list short.</summary>
internal static class Findings
{
    public static void None(IEnumerable<string> findings)
    {
        var list = findings.ToList();
        Assert.True(list.Count == 0, string.Join('\n', list));
    }
}
