using System.Collections.Immutable;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Probes that operators ask for. Each asks every address of a peer once, beside the watch and whatever is thought of the address.</summary>
/// <param name="core">Transactions, timers, names.</param>
internal sealed class PeerInquiries(SipCore core)
{
    /// <summary>Probes of one peer at once after a rest.</summary>
    public const int Burst = 3;

    /// <summary>Probes of one peer a second.</summary>
    public const double Rate = 0.2;

    private readonly Dictionary<long, PeerInquiry> _open = [];
    private readonly Dictionary<string, TokenBucket> _pace = new(StringComparer.Ordinal);

    /// <summary>Asks a peer; the report comes within <paramref name="patience"/>.</summary>
    public SipProbeStart Begin(long id, string name, TimeSpan patience, Instant now)
    {
        if (core.Peers.Find(name) is not { } peer) return SipProbeStart.NoSuchPeer;
        var pace = _pace.GetValueOrDefault(name);
        var allowed = pace.TryTake(now, Rate, Burst);
        _pace[name] = pace;
        if (!allowed) return SipProbeStart.TooOften;
        var inquiry = new PeerInquiry(core, id, peer, now, Done);
        _open.Add(id, inquiry);
        core.Timers.Set(new(SipTimer.ProbeEnd, id), now + patience);
        inquiry.Start(now);
        return SipProbeStart.Begun;
    }

    /// <summary>The patience with a probe is over.</summary>
    public void OnTimer(long id, Instant now) => _open.GetValueOrDefault(id)?.End(now);

    /// <summary>The peers are others now: what is kept of those that went goes, too.</summary>
    public void PeersChanged()
    {
        foreach (var gone in _pace.Keys.Where(name => core.Peers.Find(name) is null).ToArray()) _pace.Remove(gone);
    }

    /// <summary>Nobody is waited for any more (shutdown).</summary>
    public void EndAll(Instant now)
    {
        foreach (var inquiry in _open.Values.ToArray()) inquiry.End(now);
    }

    private void Done(long id, SipProbeReport report)
    {
        _open.Remove(id);
        core.Timers.Cancel(new(SipTimer.ProbeEnd, id));
        core.Raise(new SipEvent.Probed(id, report));
    }
}

/// <summary>One probe of one peer.</summary>
/// <param name="core">Transactions, timers, names.</param>
/// <param name="id">Its number.</param>
/// <param name="peer">The peer.</param>
/// <param name="begun">When it was wished for.</param>
/// <param name="done">Told the report, once.</param>
internal sealed class PeerInquiry(SipCore core, long id, SipPeer peer, Instant begun, Action<long, SipProbeReport> done) : IClientRequestOwner
{
    /// <summary>Addresses that one probe asks.</summary>
    public const int MostTargets = 16;

    // Of somebody else's text this much is worth showing.
    private const int LongestText = 200;
    private const int MostTokens = 32;

    private readonly List<Place>[] _places = [.. peer.Hops.Select(_ => new List<Place>())];
    private readonly bool[] _known = new bool[peer.Hops.Length];
    private readonly string _callId = core.Tokens.NewCallId();
    private readonly string _tag = core.Tokens.NewTag();
    private int _asked;
    // Whether the end of one question may be the end of all.
    private bool _started;
    private bool _over;

    private sealed class Place(SipProbeAttempt attempt)
    {
        public SipProbeAttempt Attempt { get; set; } = attempt;

        public ClientRequest? Open { get; set; }

        public Instant Sent { get; init; }
    }

    /// <summary>Finds the addresses of all its places, and asks each.</summary>
    public void Start(Instant now)
    {
        for (var i = 0; i < _known.Length; i++)
        {
            var hop = i;
            // Not by the order in which calls would try them: one that asked to be left alone would be missing.
            core.Names.Find(peer.Hops[i], now, (targets, at) => Found(hop, targets, at));
        }

        _started = true;
        EndIfDone(now);
    }

    /// <summary>Whoever has not answered by now has not answered.</summary>
    public void End(Instant now)
    {
        if (_over) return;
        _started = false;
        for (var hop = 0; hop < _known.Length; hop++)
        {
            if (!_known[hop]) Found(hop, [], now);
            foreach (var place in _places[hop])
            {
                if (place.Open is not { } request) continue;
                place.Open = null;
                request.Stop();
                // Nothing is said of the address: others who wait longer may hear of it yet.
                if (request.Transaction is { } transaction) core.Transactions.Drop(transaction);
            }
        }

        Tell(now);
    }

    public void OnProvisional(ClientRequest request, SipMessage response, Instant now)
    {
        // A final one follows, or none does.
    }

    public void OnFinal(ClientRequest request, SipMessage response, Instant now)
    {
        if (Take(request) is not { } place) return;
        place.Attempt = place.Attempt with
        {
            Outcome = SipProbeOutcome.Answered,
            Status = response.Status,
            Reason = Text(response.Phrase),
            RoundTrip = now - place.Sent,
            Allow = Tokens(response, SipHeader.Allow),
            Supported = Tokens(response, SipHeader.Supported),
            UserAgent = Text(response.First(SipHeader.UserAgent)),
            Server = Text(response.First(SipHeader.Server)),
        };
        EndIfDone(now);
    }

    public void OnFailed(ClientRequest request, int status, Instant now)
    {
        if (Take(request) is not { } place) return;
        place.Attempt = place.Attempt with { Outcome = status == 408 ? SipProbeOutcome.NoAnswer : SipProbeOutcome.Unreachable };
        EndIfDone(now);
    }

    public void OnTerminated(ClientRequest request)
    {
        // The report is all that is wanted.
    }

    private void Found(int hop, ImmutableArray<SipTarget> targets, Instant now)
    {
        if (_over || _known[hop]) return;
        _known[hop] = true;
        var name = peer.Hops[hop];
        if (targets.IsEmpty) _places[hop].Add(new Place(new SipProbeAttempt(name.Host, name.Transport, default, SipProbeOutcome.NameNotFound)));
        foreach (var target in targets.Distinct())
        {
            // A backup may be the same server by another name.
            if (_places.Any(places => places.Exists(p => p.Attempt.Transport == target.Transport && p.Attempt.Address == target.Address))) continue;
            Ask(_places[hop], name.Host, target, now);
        }

        if (_started) EndIfDone(now);
    }

    private void Ask(List<Place> places, string host, SipTarget target, Instant now)
    {
        var flows = core.FlowsTo([target]);
        var outcome = flows.IsEmpty ? SipProbeOutcome.NoListener : _asked >= MostTargets ? SipProbeOutcome.NotTried : SipProbeOutcome.NoAnswer;
        var place = new Place(new SipProbeAttempt(host, target.Transport, target.Address, outcome) { Domain = flows is [{ Domain: { } domain }] ? domain : null }) { Sent = now };
        places.Add(place);
        if (outcome != SipProbeOutcome.NoAnswer) return;
        _asked++;
        var uri = SipUri.Create(null, peer.HostPort, peer.UriParameters);
        place.Open = new ClientRequest(core, this, new RequestDraft
        {
            Method = SipMethod.Options,
            Uri = uri,
            From = $"<{SipUri.Create(null, core.HostAt(flows))}>;tag={_tag}",
            To = $"<{uri}>",
            CallId = _callId,
            Sequence = (uint)_asked,
            Headers = [(SipHeader.Accept, SipCore.Sdp)],
        }, account: null);
        place.Open.Start(flows, now);
    }

    private Place? Take(ClientRequest request)
    {
        foreach (var places in _places)
        {
            if (places.Find(place => place.Open == request) is not { } found) continue;
            found.Open = null;
            return found;
        }

        return null;
    }

    private void EndIfDone(Instant now)
    {
        if (!_over && Array.TrueForAll(_known, known => known) && Array.TrueForAll(_places, places => places.TrueForAll(place => place.Open is null))) Tell(now);
    }

    private void Tell(Instant now)
    {
        _over = true;
        done(id, new SipProbeReport(peer.Model.Name, now - begun, [.. _places.SelectMany(places => places).Select(place => place.Attempt)]));
    }

    private static ImmutableArray<string> Tokens(SipMessage response, SipHeader header)
    {
        var tokens = ImmutableArray.CreateBuilder<string>();
        foreach (var value in response.Values(header))
        {
            if (tokens.Count == MostTokens) break;
            tokens.Add(Text(value));
        }

        return tokens.ToImmutable();
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, LongestText)]);
        return string.Create(text.Length, text, static (span, from) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(from[i]) ? ' ' : from[i];
        });
    }
}
