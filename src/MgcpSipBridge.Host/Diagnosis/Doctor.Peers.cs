using System.Globalization;
using Grpc.Core;
using MgcpSipBridge.Sip;
using Outcome = MgcpSipBridge.V1.PeerProbeAttempt.Types.Outcome;
using Verdict = MgcpSipBridge.V1.Finding.Types.Verdict;

namespace MgcpSipBridge.Host.Diagnosis;

/// <content>Peers: each is asked by an OPTIONS of its own, now; where that was done often enough lately, what the watch over it knows has to do.</content>
internal sealed partial class Doctor
{
    private async Task<IReadOnlyList<V1.Finding>> PeersAsync(CancellationToken cancel)
    {
        if (state.Model.Peers.IsEmpty) return [Found("peers", Verdict.Warning, "there is none: no call leads anywhere", "provision one")];
        return await Task.WhenAll(state.Model.Peers.Take(MostNames).Select(peer => PeerAsync(peer.Sip.Name, cancel)));
    }

    private async Task<V1.Finding> PeerAsync(string name, CancellationToken cancel)
    {
        if (prober is not null)
        {
            try
            {
                return Judge($"peer {name}", await prober.ProbeAsync(name, Patience, cancel));
            }
            catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled)
            {
                // Asked too often, or gone in this moment.
            }
        }

        return Watched($"peer {name}", state.PeerOf(name));
    }

    private static V1.Finding Judge(string what, V1.PeerProbe probe)
    {
        var detail = string.Join("; ", probe.Attempts.Select(Describe));
        var bad = probe.Attempts.FirstOrDefault(a => a.Outcome != Outcome.Answered || a.StatusCode == 503);
        if (bad is null) return Found(what, Verdict.Fine, detail);
        return Found(what, probe.Reachable ? Verdict.Warning : Verdict.Wrong, detail, Advise(bad));
    }

    private static string Describe(V1.PeerProbeAttempt attempt)
    {
        var where = attempt.Address.Length > 0 ? $"{attempt.Transport} {attempt.Address}" : attempt.Host;
        var what = attempt.Outcome switch
        {
            Outcome.Answered => string.Create(CultureInfo.InvariantCulture, $"{attempt.StatusCode} {attempt.Reason} in {attempt.RoundTrip.ToTimeSpan().TotalMilliseconds:0} ms"),
            Outcome.NoAnswer => string.Create(CultureInfo.InvariantCulture, $"no answer in {Patience.TotalSeconds:0} s"),
            Outcome.Unreachable => attempt.Detail,
            Outcome.TlsFailed => $"no TLS: {attempt.Tls.Failure}",
            Outcome.NoListener => "Sip:Listen has nothing of that kind",
            Outcome.NameNotFound => "the name has no address",
            _ => "not asked",
        };
        return $"{where}: {what}";
    }

    private static string Advise(V1.PeerProbeAttempt attempt) => attempt.Outcome switch
    {
        Outcome.Answered => "it answers, and says that it takes no calls now: see what ails it",
        Outcome.NoAnswer => "see whether it runs, whether a firewall lets SIP through both ways, and whether it knows our address",
        Outcome.Unreachable => "see whether it runs and listens there, and whether there is a route",
        Outcome.TlsFailed => "see what the README says of TLS towards the PBX, and mgcpsipctl peers probe",
        Outcome.NoListener => "add a listener of that transport and address family to Sip:Listen",
        Outcome.NameNotFound => "look at /etc/resolv.conf and the name servers, or Sip:NameServers",
        _ => "mgcpsipctl peers probe says more",
    };

    private V1.Finding Watched(string what, (SipPeerState State, DateTime Since) peer) => peer.State switch
    {
        SipPeerState.Up => Found(what, Verdict.Fine, $"answers OPTIONS, since {peer.Since:yyyy-MM-dd HH:mm:ss} UTC; asked every {model.Config.Sip.PingInterval.TotalSeconds:0.#} s"),
        SipPeerState.Down => Found(what, Verdict.Wrong, $"has not answered OPTIONS, or said that it is unavailable, since {peer.Since:yyyy-MM-dd HH:mm:ss} UTC", "see whether it runs, and whether a firewall lets SIP through both ways"),
        _ => Found(what, Verdict.Unknown, "nobody asks it", "set Sip:PingInterval, such as 30s"),
    };
}
