using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>An account with what was learnt in using it.</summary>
internal sealed class AccountEntry(SipAccount model, string? realm, Entropy entropy)
{
    public SipAccount Model { get; } = model;

    public string Key => Model.Key;

    public string Peer => Model.Peer;

    /// <summary>Its password and nonces.</summary>
    public DigestAccount Digest { get; } = new(model.AuthUser, model.Password, realm, entropy);

    /// <summary>The way out that its registrar prescribed (RFC 3608).</summary>
    public ImmutableArray<string> ServiceRoutes { get; set; } = [];
}

/// <summary>The accounts, by key and by peer and user.</summary>
internal sealed class AccountBook(PeerBook peers, Entropy entropy)
{
    private readonly Dictionary<string, AccountEntry> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Peer, string User), AccountEntry> _byUser = [];

    public IEnumerable<AccountEntry> All => _byKey.Values;

    public AccountEntry? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>The account that a peer knows under a user part.</summary>
    public AccountEntry? Find(string peer, string user) => _byUser.GetValueOrDefault((peer, user));

    /// <summary>The account of a peer's trunk registration; null for none.</summary>
    public AccountEntry? TrunkOf(string peer) => Find("trunk:" + peer);

    /// <summary>Whose credentials may be used at a peer: the account's own at its own peer, else the trunk's. A password is shown to nobody else.</summary>
    public AccountEntry? For(AccountEntry? account, string peer) => account is not null && account.Peer == peer ? account : TrunkOf(peer);

    public AccountEntry Put(SipAccount model)
    {
        Remove(model.Key);
        var entry = new AccountEntry(model, peers.Find(model.Peer)?.Model.Realm, entropy);
        _byKey[model.Key] = entry;
        _byUser[(model.Peer, model.User)] = entry;
        return entry;
    }

    public void Remove(string key)
    {
        if (!_byKey.Remove(key, out var entry)) return;
        var user = (entry.Model.Peer, entry.Model.User);
        if (_byUser.GetValueOrDefault(user) == entry) _byUser.Remove(user);
    }
}
