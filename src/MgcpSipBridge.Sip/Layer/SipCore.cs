using System.Collections.Immutable;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>What has a deadline.</summary>
internal enum SipTimer
{
    /// <summary>An INVITE of ours rings too long. Belongs to a call.</summary>
    Ring,

    /// <summary>A server has left our INVITE without a word, and there is another one. Belongs to a call.</summary>
    Silence,

    /// <summary>A provisional response is repeated so that proxies on the way do not give up (RFC 3261 §13.3.1.1). Belongs to a call.</summary>
    RepeatProvisional,

    /// <summary>Our 200 is repeated (§13.3.1.4). Belongs to a call.</summary>
    Repeat200,

    /// <summary>Our 200 stays without ACK (§13.3.1.4). Belongs to a call.</summary>
    AwaitAck,

    /// <summary>A turn, a refresh or a retry. Belongs to a registration.</summary>
    Registration,

    /// <summary>A reliable provisional response is repeated (RFC 3262 §3). Belongs to a call.</summary>
    RepeatReliable,

    /// <summary>A reliable provisional response stays without PRACK (RFC 3262 §3). Belongs to a call.</summary>
    AwaitPrack,

    /// <summary>An offer that met one of the peer's is made again (RFC 3261 §14.1). Belongs to a call.</summary>
    RetryOffer,

    /// <summary>An INVITE that met one of the peer's is sent once more. Belongs to a call.</summary>
    RetryInvite,

    /// <summary>A transfer that the peer was asked for comes to no end. Belongs to a call.</summary>
    Transfer,

    /// <summary>A subscription is to be refreshed or tried again. Belongs to a subscription.</summary>
    Subscription,

    /// <summary>It is time to refresh the session (RFC 4028 §10). Belongs to a call.</summary>
    RefreshSession,

    /// <summary>The session runs out (RFC 4028 §10). Belongs to a call.</summary>
    SessionEnd,

    /// <summary>A call that no session timer watches is asked whether it is still there (RFC 3261 §11, inside the dialog). Belongs to a call.</summary>
    CheckCall,

    /// <summary>A look-up that the host lost. Belongs to a query.</summary>
    LookUp,

    /// <summary>A peer is asked whether it is there. Belongs to a probe.</summary>
    PeerPing,

    /// <summary>The patience with a probe that an operator asked for is over. Belongs to that probe.</summary>
    ProbeEnd,

    /// <summary>The names of peers are looked up again, so that their requests are recognised. Belongs to the layer.</summary>
    PeerNames,
}

/// <summary>A timer of an object.</summary>
internal readonly record struct SipTimerKey(SipTimer Timer, long Owner);

/// <summary>What calls, registrations and the layer itself share: transactions, timers, names, tokens, the writer.</summary>
internal sealed class SipCore
{
    // What we understand inside and outside of dialogs (RFC 3261 §20.5): truthful.
    public const string Allow = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY";
    public const string Sdp = "application/sdp";

    private readonly Queue<SipOutput> _outputs = new();

    public SipCore(SipSettings settings, Entropy entropy, string shard)
    {
        Settings = settings;
        Entropy = entropy;
        Tokens = new SipTokens(entropy, shard);
        Guard = new SourceGuard(settings.Admission, entropy.NextUInt64());
        Digest = new InboundDigest(entropy, settings.Admission.NonceLifetime);
        Transactions = new SipTransactions(settings, entropy, _outputs, Tokens.Prefix, Guard);
        Names = new NameCache(Put, (query, at) => Timers.Set(new(SipTimer.LookUp, query), at));
        Accounts = new AccountBook(Peers, entropy);
        Circuits = new SipCircuits(settings, Note);
        Supported = settings.SessionExpires > TimeSpan.Zero ? "100rel, replaces, timer" : "100rel, replaces";
    }

    /// <summary>Option tags of the extensions that are done (§20.37).</summary>
    public string Supported { get; }

    /// <summary>Whether an extension is done.</summary>
    public bool Supports(string tag) => Supported.Split(", ").Contains(tag, StringComparer.OrdinalIgnoreCase);

    public SipSettings Settings { get; }

    public Entropy Entropy { get; }

    public SipTokens Tokens { get; }

    public SipTransactions Transactions { get; }

    public TimerQueue<SipTimerKey> Timers { get; } = new();

    public NameCache Names { get; }

    public PeerBook Peers { get; } = new();

    public AccountBook Accounts { get; }

    /// <summary>What each source may send.</summary>
    public SourceGuard Guard { get; }

    /// <summary>Asks those whom we do not believe by their address alone.</summary>
    public InboundDigest Digest { get; }

    /// <summary>Which addresses of peers answer.</summary>
    public SipCircuits Circuits { get; }

    public SipWriter Writer { get; } = new();

    /// <summary>Early and confirmed dialogs.</summary>
    public int Dialogs { get; set; }

    public bool TryTake(out SipOutput output) => _outputs.TryDequeue(out output!);

    public void Raise(SipEvent happened) => Put(new SipOutput.Happened(happened));

    public void Note(SipNote note) => Put(new SipOutput.Noted(note));

    /// <summary>Writes a request into <see cref="Writer"/>.</summary>
    public void Compose(RequestDraft draft, SipFlow flow)
    {
        Writer.BeginRequest(draft.Method, draft.Uri);
        foreach (var route in draft.Routes) Writer.Header(SipHeader.Route, route);
        Writer.Header(SipHeader.From, draft.From);
        Writer.Header(SipHeader.To, draft.To);
        Writer.Header(SipHeader.CallId, draft.CallId);
        Writer.CSeq(draft.Sequence, draft.Method);
        if (draft.ContactUser is { } user) Writer.Address(SipHeader.Contact, null, ContactUri(user, flow), parameters: draft.ContactParameters);
        foreach (var (proxy, value) in draft.Credentials)
            Writer.Header(proxy ? SipHeader.ProxyAuthorization : SipHeader.Authorization, value);
        foreach (var (header, value) in draft.Headers) Writer.Header(header, value);
        foreach (var (name, value) in draft.Carried) Writer.Header(name, value);
        Writer.Header(SipHeader.UserAgent, Settings.Product);
        Writer.Body(draft.ContentType, draft.Body.Span);
    }

    /// <summary>Our Contact for a path: where the other side reaches us (§8.1.1.8).</summary>
    public string ContactUri(string user, SipFlow flow)
    {
        var listener = SipListeners.Of(Settings.Listeners, flow) ?? Settings.Listeners[0];
        var parameters = flow.Transport switch
        {
            SipTransport.Tcp => ";transport=tcp",
            SipTransport.Tls => ";transport=tls",
            _ => "",
        };
        return SipUri.Create(user, $"{listener.HostFor(flow.Remote)}:{listener.AdvertisedPort}", parameters);
    }

    /// <summary>
    /// Finds the addresses of a peer, those of its URI first, and remembers that its requests come from there. In the order in which a request should try them: a call, or
    /// <paramref name="emergency">one for help</paramref>, or anything else.
    /// </summary>
    public void Locate(SipPeer peer, SipMethod method, Instant now, Action<ImmutableArray<SipTarget>, Instant> found, bool emergency = false)
    {
        var hops = peer.Hops;
        if (emergency && hops.Any(Names.Knows))
        {
            // What was true a while ago is better than a word that may never come.
            hops = [.. hops.Where(Names.Knows)];
            foreach (var other in peer.Hops.Except(hops)) Names.Find(other, now, static (_, _) => { });
        }

        var parts = new ImmutableArray<SipTarget>[hops.Length];
        var missing = parts.Length;
        for (var i = 0; i < parts.Length; i++)
        {
            var place = i;
            Names.Find(hops[i], now, (targets, at) =>
            {
                parts[place] = targets;
                if (--missing > 0) return;
                ImmutableArray<SipTarget> all = parts.Length == 1 ? targets : [.. parts.SelectMany(static part => part).Distinct()];
                if (hops == peer.Hops) Learn(peer, all);
                found(Circuits.Order(all, at, method == SipMethod.Invite, emergency), at);
            }, emergency);
        }
    }

    private void Learn(SipPeer peer, ImmutableArray<SipTarget> all)
    {
        Peers.Learn(peer, all);
        if (Peers.Find(peer.Model.Name) == peer) Circuits.Follow(peer.Model.Name, all);
    }

    /// <summary>The next one who needs a peer's addresses asks for its names again.</summary>
    public void Distrust(SipPeer peer)
    {
        foreach (var hop in peer.Hops) Names.Distrust(hop);
    }

    /// <summary>
    /// Paths to targets in their order; those over a transport that we do not listen on are left out, for they could not be answered. They begin at
    /// <paramref name="local"/> if we listen there, else where the peer wants it, else in the target's own network.
    /// </summary>
    public ImmutableArray<SipFlow> FlowsTo(ImmutableArray<SipTarget> targets, NetAddress local = default)
    {
        var flows = ImmutableArray.CreateBuilder<SipFlow>(targets.Length);
        foreach (var target in targets)
        {
            var wanted = local.IsNone ? Peers.At(target.Address)?.Model.LocalAddress ?? default : local;
            if (SipListeners.For(Settings.Listeners, target.Transport, target.Address, wanted) is { } listener)
                flows.Add(new SipFlow(target.Transport, listener.Bound, target.Address) { Domain = target.Transport == SipTransport.Tls ? DomainOf(target) : null });
        }

        return flows.DrainToImmutable();
    }

    /// <summary>Our own host as it is written to whom the first of these paths leads.</summary>
    public string HostAt(ImmutableArray<SipFlow> flows) =>
        flows is [var first, ..] && SipListeners.Of(Settings.Listeners, first) is { } listener ? listener.HostFor(first.Remote) : Settings.Listeners[0].AdvertisedHost;

    /// <summary>The next hop of a URI (RFC 3263 §4): its maddr or host, port and transport.</summary>
    public static HopName HopOf(string uri)
    {
        if (!SipUri.TryParse(Encoding.UTF8.GetBytes(uri), out var parsed)) return new HopName("", 0, null);
        var host = parsed.Parameters.TextOf("maddr"u8) ?? parsed.HostText;
        return new HopName(host.ToLowerInvariant(), parsed.Port, parsed.Scheme == SipUriScheme.Sips ? SipTransport.Tls : parsed.Transport);
    }

    /// <summary>Whether a host of a URI is one of ours.</summary>
    public bool IsOurs(SipUri uri)
    {
        foreach (var listener in Settings.Listeners)
        {
            foreach (var host in listener.Hosts)
            {
                if (Ascii.EqualsIgnoreCase(uri.Host, Encoding.ASCII.GetBytes(host))) return true;
            }

            if (uri.TryGetAddress(0, out var address) && address.SameHost(listener.Bound)) return true;
        }

        return false;
    }

    // A Contact mostly names an address, and certificates mostly name none: the address of a peer stands for that peer's domain.
    private string DomainOf(SipTarget target)
    {
        if (target.Domain is { } known) return known;
        if (Peers.At(target.Address) is not { } peer || peer.Hops.Any(hop => hop.TryGetLiteral(out var literal) && literal.Address.SameHost(target.Address))) return target.Address.UriHost;
        return peer.Hop.Host;
    }

    private void Put(SipOutput output) => _outputs.Enqueue(output);
}
