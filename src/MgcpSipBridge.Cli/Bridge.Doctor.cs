using System.Globalization;
using MgcpSipBridge.V1;
using Verdict = MgcpSipBridge.V1.Finding.Types.Verdict;

namespace MgcpSipBridge.Cli;

/// <content>What is wrong around a bridge.</content>
internal sealed partial class Bridge
{
    private static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(2);

    /// <summary>All that bridge and command line see; exit code 1 when anything is wrong.</summary>
    public async Task DoctorAsync()
    {
        var client = new SystemService.SystemServiceClient(invoker);
        var asked = DateTime.UtcNow;
        var status = await client.GetStatusAsync(new GetStatusRequest(), cancellationToken: cancel);
        var took = DateTime.UtcNow - asked;
        asked = DateTime.UtcNow;
        var found = await client.DiagnoseSystemAsync(new DiagnoseSystemRequest(), cancellationToken: cancel);
        // It looked at its clock at some time between the question and the answer.
        var (looked, answered) = (found.Time.ToDateTime(), DateTime.UtcNow);
        found.Findings.Insert(0, Skew(looked < asked ? looked - asked : looked > answered ? looked - answered : TimeSpan.Zero));
        found.Findings.Insert(0, new Finding
        {
            Name = "bridge",
            Verdict = status.State == BridgeStatus.Types.State.Ready ? Verdict.Fine : Verdict.Warning,
            Detail = string.Create(CultureInfo.InvariantCulture, $"{status.Node}, version {status.Version}, {Text(status.State)}; answered in {took.TotalMilliseconds:0} ms"),
            Advice = status.State == BridgeStatus.Types.State.Ready ? "" : "it takes no calls",
        });
        if (found.Findings.Any(f => f.Verdict == Verdict.Wrong)) ExitCode = ExitCodes.Failed;
        writer.Many(found, found.Findings, ["WHAT", "VERDICT", "SEEN", "WHAT TO DO"], f => [f.Name, Text(f.Verdict), f.Detail, f.Advice]);
    }

    private static Finding Skew(TimeSpan skew) => new()
    {
        Name = "clocks",
        Verdict = skew.Duration() > MostSkew ? Verdict.Warning : Verdict.Fine,
        Detail = string.Create(CultureInfo.InvariantCulture, $"the bridge's and this machine's differ by {skew.TotalSeconds:0.0} s"),
        Advice = skew.Duration() > MostSkew ? "one of the two is wrong: chronyc tracking, timedatectl" : "",
    };
}
