using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>What an INVITE says of both sides.</summary>
/// <param name="Called">The called number.</param>
/// <param name="Caller">The caller's, where it is shown.</param>
/// <param name="Target">Request-URI.</param>
/// <param name="To">URI of the called number.</param>
/// <param name="From">URI of the caller.</param>
internal readonly record struct SipAddressing(string Called, string Caller, string Target, string To, string From);

/// <summary>A peer with what was learnt about its addresses.</summary>
internal sealed class SipPeer(SipPeerModel model)
{
    public SipPeerModel Model { get; } = model;

    /// <summary>Where its URI leads.</summary>
    public HopName Hop => Hops[0];

    /// <summary>Where it may be found, in order.</summary>
    public ImmutableArray<HopName> Hops { get; } =
        [new(model.Host.ToLowerInvariant(), model.Port, model.Transport), .. model.Backups.All.Select(hop => new HopName(hop.Host.ToLowerInvariant(), hop.Port, hop.Transport))];

    /// <summary>Addresses that its requests come from: its literal, or what its name resolved to last.</summary>
    public ImmutableArray<NetAddress> Sources { get; set; } = [];

    /// <summary>Host and port for Request-URIs, <c>pbx.example.net:5062</c>.</summary>
    public string HostPort { get; } = UriHost(model.Host) + (model.Port == 0 ? "" : $":{model.Port}");

    /// <summary>Domain of the addresses of record there: no port (RFC 3261 §10.2).</summary>
    public string Domain { get; } = UriHost(model.Host);

    /// <summary>What a Request-URI to it has to say about the transport.</summary>
    public string UriParameters { get; } = model.Transport switch
    {
        SipTransport.Tcp => ";transport=tcp",
        SipTransport.Tls => ";transport=tls",
        _ => "",
    };

    /// <summary>Address of record of a number there.</summary>
    public string UriOf(string number) => SipUri.Create(Model.Numbers.Out(number), Domain, Model.Numbers.ParameterOf(number));

    /// <summary>
    /// Address of record of a line of ours: the user of its account is the peer's own word where the line registers as itself, else a number like others.
    /// </summary>
    public string UriOfLine(string user) => SipUri.Create(UserOfLine(user), Domain, Model.Numbers.ParameterOf(user));

    /// <summary>Request-URI of a number there.</summary>
    public string TargetOf(string number) => SipUri.Create(Model.Numbers.Out(number), HostPort, UriParameters + Model.Numbers.ParameterOf(number));

    /// <summary>What a call of an account with this user says of both sides.</summary>
    public SipAddressing Address(SipInvite invite, string user)
    {
        var number = invite.CalledUser;
        var caller = invite.Caller ?? user;
        // Who calls for help calls what was dialled.
        return invite.Emergency
            ? new SipAddressing(number, UserOfLine(caller), SipUri.Create(number, HostPort, UriParameters), SipUri.Create(number, Domain), UriOfLine(caller))
            : new SipAddressing(Model.Numbers.Out(number), UserOfLine(caller), TargetOf(number), UriOf(number), UriOfLine(caller));
    }

    /// <summary>Whom it calls, in our form.</summary>
    /// <param name="user">The user that it names.</param>
    /// <param name="isAccount">Whether that is what an account of it is called by: that is nobody's to rewrite.</param>
    public string CalledBy(string user, bool isAccount) => isAccount ? user : Model.Numbers.In(user);

    private string UserOfLine(string user) => Model.Registration == SipRegistrationMode.PerLine ? user : Model.Numbers.Out(user);

    private static string UriHost(string host) => host.Contains(':') && !host.StartsWith('[') ? $"[{host}]" : host;
}

/// <summary>The configured peers, by name and by the address that a request comes from.</summary>
internal sealed class PeerBook
{
    private readonly Dictionary<string, SipPeer> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<UInt128, List<SipPeer>> _byHost = [];
    private ImmutableArray<SipPeer> _all = [];

    public ImmutableArray<SipPeer> All => _all;

    /// <summary>Replaces the peers; those that did not change keep what was learnt.</summary>
    public void Replace(ImmutableArray<SipPeerModel> models)
    {
        _all = [.. models.Select(model => _byName.GetValueOrDefault(model.Name) is { } old && old.Model == model ? old : new SipPeer(model))];
        _byName.Clear();
        foreach (var peer in _all) _byName[peer.Model.Name] = peer;
        Index();
    }

    public SipPeer? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Remembers where a peer's requests come from.</summary>
    public void Learn(SipPeer peer, ImmutableArray<SipTarget> targets)
    {
        ImmutableArray<NetAddress> sources = [.. targets.Select(target => target.Address)];
        if (sources.SequenceEqual(peer.Sources)) return;
        peer.Sources = sources;
        Index();
    }

    /// <summary>The peer at an address, whatever its port; among several on one host the one whose port it is, else the first configured.</summary>
    public SipPeer? At(NetAddress source) => Find(source, static _ => true);

    /// <summary>
    /// The peer that a message on <paramref name="flow"/> comes from. One that is spoken to by TLS is not believed by less (RFC 3261 §26.3.2.2): anybody can send a datagram
    /// in its name.
    /// </summary>
    public SipPeer? From(SipFlow flow) =>
        flow.Transport == SipTransport.Tls ? At(flow.Remote) : Find(flow.Remote, static peer => peer.Model.Transport != SipTransport.Tls);

    private SipPeer? Find(NetAddress source, Func<SipPeer, bool> may)
    {
        SipPeer? first = null;
        if (!_byHost.TryGetValue(source.Address, out var peers)) return null;
        foreach (var peer in peers)
        {
            if (!may(peer)) continue;
            if (peer.Sources.Contains(source)) return peer;
            first ??= peer;
        }

        return first;
    }

    private void Index()
    {
        _byHost.Clear();
        foreach (var peer in _all)
        {
            foreach (var source in peer.Sources)
            {
                if (!_byHost.TryGetValue(source.Address, out var there)) _byHost[source.Address] = there = [];
                if (!there.Contains(peer)) there.Add(peer);
            }
        }
    }
}
