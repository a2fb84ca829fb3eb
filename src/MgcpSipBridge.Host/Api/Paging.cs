namespace MgcpSipBridge.Host.Api;

/// <summary>How large pages are.</summary>
internal static class Paging
{
    private const int DefaultSize = 50;
    private const int MaxSize = 1000;

    /// <summary>How many items a page of an asked size has.</summary>
    public static int SizeOf(int asked) => asked switch
    {
        < 0 => throw ApiErrors.BadField("pageSize", "is negative"),
        0 => DefaultSize,
        _ => Math.Min(asked, MaxSize),
    };
}
