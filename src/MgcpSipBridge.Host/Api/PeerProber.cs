using System.Net.Sockets;
using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.Net.Tls;
using MgcpSipBridge.Sip;
using Outcome = MgcpSipBridge.V1.PeerProbeAttempt.Types.Outcome;

namespace MgcpSipBridge.Host.Api;

/// <summary>Has the engine ask a peer by OPTIONS, and adds what the sockets know: why there is no connection, what TLS agreed on.</summary>
internal sealed class PeerProber(EngineAnswers engine, BridgeState state, SipStreams streams)
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    // The answer has to be there when the caller's deadline comes: a tenth of the time is for its way, a second at most.
    private static readonly TimeSpan LongestWay = TimeSpan.FromSeconds(1);

    /// <summary>How long is waited: as the request says, and no longer than its caller does.</summary>
    /// <param name="asked">What the request says; null for the usual 5 s.</param>
    /// <param name="deadline">When the caller gives up (UTC); the latest time that there is for never.</param>
    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT.</exception>
    public static TimeSpan PatienceOf(Duration? asked, DateTime deadline)
    {
        // Compared as they come: a duration may be more than a TimeSpan holds.
        if (asked is not null && (asked.Seconds is < 0 or > 30 || asked.Nanos is < 0 or > 999_999_999 || asked.ToTimeSpan() is var time && (time < Shortest || time > Longest)))
            throw ApiErrors.BadField("timeout", "is not between 0.1 s and 30 s");
        var patience = asked?.ToTimeSpan() ?? Usual;
        if (deadline == DateTime.MaxValue) return patience;
        var left = deadline - DateTime.UtcNow;
        left = left * 0.1 > LongestWay ? left - LongestWay : left * 0.9;
        return left >= patience ? patience : left > Shortest ? left : Shortest;
    }

    /// <summary>Asks it.</summary>
    /// <exception cref="Grpc.Core.RpcException">NOT_FOUND, or RESOURCE_EXHAUSTED when it was probed often enough.</exception>
    public async Task<V1.PeerProbe> ProbeAsync(string peer, TimeSpan patience, CancellationToken cancel)
    {
        var answer = await engine.OneAsync<PeerProbeAnswer>(new EngineQuery.ProbePeer(peer, patience), $"peer {peer}", cancel, patience + state.AnswerPatience);
        if (answer.Report is not { } report) throw ApiErrors.Exhausted("PROBED_TOO_OFTEN", $"peer {peer} was probed often enough: once in five seconds is");
        var attempts = report.Attempts.Select(ToMessage).ToList();
        return new V1.PeerProbe
        {
            Peer = report.Peer,
            Reachable = attempts.Exists(a => a.Outcome == Outcome.Answered && a.StatusCode != 503),
            Duration = Duration.FromTimeSpan(report.Took),
            Attempts = { attempts },
        };
    }

    private V1.PeerProbeAttempt ToMessage(SipProbeAttempt attempt)
    {
        var message = new V1.PeerProbeAttempt
        {
            Host = attempt.Host,
            Transport = attempt.Transport is { } transport ? transport.ToString().ToLowerInvariant() : "",
            Address = attempt.Address.IsNone ? "" : attempt.Address.ToString(),
            Outcome = attempt.Outcome switch
            {
                SipProbeOutcome.Answered => Outcome.Answered,
                SipProbeOutcome.NoAnswer => Outcome.NoAnswer,
                SipProbeOutcome.Unreachable => Outcome.Unreachable,
                SipProbeOutcome.NoListener => Outcome.NoListener,
                SipProbeOutcome.NameNotFound => Outcome.NameNotFound,
                _ => Outcome.NotTried,
            },
            StatusCode = attempt.Status,
            Reason = attempt.Reason,
            Allow = { attempt.Allow },
            Supported = { attempt.Supported },
            UserAgent = attempt.UserAgent,
            Server = attempt.Server,
        };
        if (attempt.Outcome == SipProbeOutcome.Answered) message.RoundTrip = Duration.FromTimeSpan(attempt.RoundTrip);
        if (attempt.Outcome is SipProbeOutcome.Unreachable or SipProbeOutcome.NoAnswer or SipProbeOutcome.Answered) AddPath(attempt, message);
        return message;
    }

    private void AddPath(SipProbeAttempt attempt, V1.PeerProbeAttempt message)
    {
        var answered = attempt.Outcome == SipProbeOutcome.Answered;
        // What kept the last connection from being made; forgotten with the next one that is.
        var trouble = attempt.Transport is SipTransport.Tcp or SipTransport.Tls && !answered ? streams.TroubleWith(attempt.Transport.Value, attempt.Address) : null;
        if (attempt is { Transport: SipTransport.Tls, Domain: { } domain } && trouble is null)
        {
            var session = streams.SessionWith(attempt.Address, domain);
            var failure = attempt.Outcome == SipProbeOutcome.Unreachable ? streams.Tls?.TroubleWith(attempt.Address, domain) : null;
            if (failure is not null) message.Outcome = Outcome.TlsFailed;
            if (session is not null || failure is not null) message.Tls = ToMessage(domain, session, failure);
            if (failure is not null) return;
        }

        message.Detail = (attempt.Outcome, attempt.Transport, trouble) switch
        {
            (SipProbeOutcome.Unreachable, SipTransport.Udp, _) => "there is no way to it, or nobody listens there (ICMP)",
            (SipProbeOutcome.Unreachable, _, SocketError.ConnectionRefused) => "nobody listens there, or a firewall refuses",
            (SipProbeOutcome.Unreachable, _, SocketError.TimedOut) => "the connection was not accepted in time",
            (SipProbeOutcome.Unreachable, _, { } other) => $"the connection was not made: {other}",
            (SipProbeOutcome.Unreachable, _, null) => "the connection ended",
            _ => "",
        };
    }

    private static V1.ProbedTls ToMessage(string domain, TlsSession? session, SipTlsFailure? failure)
    {
        var message = new V1.ProbedTls { Domain = domain, Failure = failure is { } why ? ToMessage(why) : V1.ProbedTls.Types.Failure.None };
        if (session is null) return message;
        message.Version = session.Version.ToString();
        message.Cipher = session.Cipher.ToString();
        message.Subject = session.Subject;
        if (session.NotAfter is { } end) message.ExpireTime = Timestamp.FromDateTime(end);
        return message;
    }

    private static V1.ProbedTls.Types.Failure ToMessage(SipTlsFailure failure) => failure switch
    {
        SipTlsFailure.Untrusted => V1.ProbedTls.Types.Failure.Untrusted,
        SipTlsFailure.Revoked => V1.ProbedTls.Types.Failure.Revoked,
        SipTlsFailure.RevocationUnknown => V1.ProbedTls.Types.Failure.RevocationUnknown,
        SipTlsFailure.Expired => V1.ProbedTls.Types.Failure.Expired,
        SipTlsFailure.WrongName => V1.ProbedTls.Types.Failure.WrongName,
        SipTlsFailure.NotPinned => V1.ProbedTls.Types.Failure.NotPinned,
        SipTlsFailure.NoCertificate => V1.ProbedTls.Types.Failure.NoCertificate,
        SipTlsFailure.Timeout => V1.ProbedTls.Types.Failure.Timeout,
        SipTlsFailure.TooMany => V1.ProbedTls.Types.Failure.TooMany,
        SipTlsFailure.Broken => V1.ProbedTls.Types.Failure.Broken,
        _ => V1.ProbedTls.Types.Failure.Handshake,
    };
}
