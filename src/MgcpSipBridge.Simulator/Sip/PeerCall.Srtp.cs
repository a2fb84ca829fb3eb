using System.Collections.Immutable;
using System.Globalization;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Simulator;

/// <summary>Whether a simulated peer encrypts audio (RFC 3711), with keys in its descriptions (RFC 4568).</summary>
public enum PeerSrtp
{
    /// <summary>It never heard of it: an offer under RTP/SAVP is refused with 488.</summary>
    Unknown,

    /// <summary>It offers RTP/SAVP, and takes either.</summary>
    Secure,

    /// <summary>It offers keys under RTP/AVP, where the other side may pass them over, and takes either.</summary>
    BestEffort,
}

// Keys in descriptions, in the peer's own words.
public sealed partial class PeerCall
{
    private const string Usual = "AES_CM_128_HMAC_SHA1_80";

    private string _suite = "";
    private int _tag;
    private string _lineKey = "";

    /// <summary>What the peer encrypts with; null while it does not.</summary>
    public SrtpKey? OwnKey { get; private set; }

    /// <summary>What the line's side encrypts with, as far as both have agreed; null while they have not.</summary>
    public SrtpKey? LineKey
    {
        get
        {
            if (OwnKey is null || RemoteDescription is not { } remote) return null;
            foreach (var line in remote.Crypto)
            {
                var (tag, suite, key) = Split(line);
                if (tag == _tag && suite == _suite) return new SrtpKey(OwnKey.Suite, Convert.FromBase64String(key));
            }

            return null;
        }
    }

    /// <summary>The profile and the a=crypto lines of the peer's next description.</summary>
    internal (string Profile, ImmutableArray<string> Lines) Secure(PlainSdp? offer, PeerOffer? wish)
    {
        var srtp = _peer.Setup.Srtp;
        if (srtp == PeerSrtp.Unknown || wish is { Plain: true } || offer is { Crypto.IsEmpty: true })
        {
            OwnKey = null;
            return ("RTP/AVP", []);
        }

        // RFC 4568 §5.1.2: an answer takes one line and names it.
        var (tag, suite, lineKey) = offer is null ? (_tag == 0 ? 1 : _tag, _suite.Length == 0 ? Usual : _suite, _lineKey) : Split(offer.Crypto[0]);
        var renews = _peer.Setup.KeyLifetime.Length > 0 && lineKey != _lineKey;
        _lineKey = lineKey;
        if (OwnKey is null || suite != _suite || wish is { NewKey: true } || renews)
            OwnKey = SrtpKey.New(suite == Usual ? SrtpSuite.AesCm128HmacSha1Tag80 : SrtpSuite.AesCm128HmacSha1Tag32, _peer.Chance);
        (_tag, _suite) = (tag, suite);
        return (offer?.Profile ?? (srtp == PeerSrtp.Secure ? "RTP/SAVP" : "RTP/AVP"), [string.Create(CultureInfo.InvariantCulture, $"{tag} {suite} inline:{OwnKey.ToInline()}{(_peer.Setup.KeyLifetime.Length > 0 ? "|" : "")}{_peer.Setup.KeyLifetime}")]);
    }

    private static (int Tag, string Suite, string Key) Split(string line)
    {
        var words = line.Split(' ');
        return (int.Parse(words[0], CultureInfo.InvariantCulture), words[1], words[2]["inline:".Length..]);
    }
}
