using MgcpSipBridge.Host.Demo;
using MgcpSipBridge.Host.Net;

namespace MgcpSipBridge.Host.Verbs;

/// <summary><c>demo</c>: a whole installation on loopback that places real calls and listens to them.</summary>
internal static class DemoVerb
{
    /// <summary>Plays it; 0 only if all of it worked.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> settings, TextWriter output, TextWriter errors)
    {
        using var logs = Serving.BridgeLogging.Create(new Configuration.LoggingSection { LogLevel = { ["Default"] = "Warning" } });
        try
        {
            await using var bridge = await DemoBridge.StartAsync(logs, settings);
            await output.WriteLineAsync(bridge.Server.ReadyLine);
            var worked = await new DemoRun(bridge, output).PlayAsync();
            await bridge.Server.DrainAsync(CancellationToken.None);
            return worked ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (Exception e) when (e is BindException or InvalidOperationException)
        {
            await errors.WriteLineAsync(e.Message);
            return ExitCodes.Failure;
        }
    }
}
