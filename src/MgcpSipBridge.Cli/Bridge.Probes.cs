using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.V1;
using Outcome = MgcpSipBridge.V1.PeerProbeAttempt.Types.Outcome;

namespace MgcpSipBridge.Cli;

/// <content>Probes of peers.</content>
internal sealed partial class Bridge
{
    /// <summary>Has a peer asked by OPTIONS; exit code 1 when nobody there takes calls.</summary>
    public async Task ProbePeerAsync(string name, double? seconds)
    {
        var request = new ProbePeerRequest { Peer = name };
        if (seconds is { } given)
        {
            if (!(given is >= 0.1 and <= 30)) throw new UsageException("--timeout: is not between 0.1 and 30 seconds");
            request.Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(given));
        }

        var probe = await Peers.ProbePeerAsync(request, cancellationToken: cancel);
        if (!probe.Reachable) ExitCode = ExitCodes.Failed;
        writer.Many(probe, probe.Attempts, ["ADDRESS", "TRANSPORT", "OUTCOME", "ANSWER", "TOOK", "WHO"],
            a => [Or(a.Address.Length > 0 ? a.Address : a.Host), Or(a.Transport), Text(a.Outcome), Or(AnswerOf(a)), a.RoundTrip is null ? "-" : Milliseconds(a.RoundTrip), Or(a.Server.Length > 0 ? a.Server : a.UserAgent)]);
        if (writer.Format != OutputFormat.Table) return;
        foreach (var attempt in probe.Attempts)
        {
            if (attempt.Tls is { Failure: ProbedTls.Types.Failure.None } tls)
                writer.Text(string.Create(CultureInfo.InvariantCulture, $"\n{attempt.Address}  {tls.Version} {tls.Cipher}, {tls.Subject}{(tls.ExpireTime is { } end ? $" until {end.ToDateTime():yyyy-MM-dd}" : "")}\n"));
            if (attempt.Outcome != Outcome.Answered) continue;
            writer.Text($"\n{attempt.Address}  allows {Or(string.Join(", ", attempt.Allow))}; supports {Or(string.Join(", ", attempt.Supported))}\n");
        }
    }

    private static string AnswerOf(PeerProbeAttempt attempt) => attempt.Outcome switch
    {
        Outcome.Answered => $"{Text(attempt.StatusCode)} {attempt.Reason}".TrimEnd(),
        Outcome.TlsFailed => $"{Text(attempt.Tls.Failure)}, wanted {attempt.Tls.Domain}",
        _ => attempt.Detail,
    };
}
