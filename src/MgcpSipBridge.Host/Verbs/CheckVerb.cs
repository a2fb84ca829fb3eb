using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Observability;

namespace MgcpSipBridge.Host.Verbs;

/// <summary><c>check</c>: reads and validates everything, opens nothing.</summary>
internal static class CheckVerb
{
    /// <summary>Prints every problem, or what would be served; 0 or 2.</summary>
    public static int Run(LoadedConfig loaded, TextWriter output)
    {
        foreach (var problem in loaded.Problems) output.WriteLine(problem);
        if (loaded.Lines is not { } lines)
        {
            output.WriteLine(loaded.Problems.Count == 1 ? "1 problem" : $"{loaded.Problems.Count} problems");
            return ExitCodes.Configuration;
        }

        if (loaded.Bridge?.Api.ListProblem is { } list) output.WriteLine($"warning: {list}; no client would be known by a certificate");
        foreach (var (peer, warning) in SrtpMetrics.Warnings(lines)) output.WriteLine($"warning: peer {peer}: {warning}");
        foreach (var warning in EmergencyRoutes.Warnings(lines)) output.WriteLine($"warning: {warning}");
        foreach (var warning in loaded.Bridge is { } bridge ? AudioSettings.Warnings(bridge.Config, lines) : []) output.WriteLine($"warning: {warning}");
        output.WriteLine($"ok: {lines.Gateways.Length} gateways, {lines.Lines.Length} lines, {lines.Peers.Length} peers, {lines.Routes.Length} routes");
        return ExitCodes.Success;
    }

    /// <summary>Prints every setting that exists.</summary>
    public static int Describe(TextWriter output)
    {
        foreach (var setting in SettingBinder.Describe(new BridgeConfig()))
        {
            output.WriteLine($"{setting.Path} = {(setting.Default.Length == 0 ? "(none)" : setting.Default)}");
            output.WriteLine($"    {setting.About}{(setting.Range.Length == 0 ? "" : $" {setting.Range}.")}");
        }

        return ExitCodes.Success;
    }
}
