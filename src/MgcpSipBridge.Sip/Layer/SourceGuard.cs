using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>
/// Limits what a host may send, before anything of it is read, and knows scanners by their names. Each host of a peer has an allowance of its own; all others share a
/// table of fixed size, in which an unpredictable place is theirs, so that no flood of made-up sources costs memory or can be aimed at one stranger.
/// </summary>
/// <param name="admission">The limits.</param>
/// <param name="secret">Decides about places.</param>
internal sealed class SourceGuard(SipAdmission admission, ulong secret)
{
    private const int Places = 1024;
    private readonly TokenBucket[] _strangers = new TokenBucket[Places];
    private readonly Dictionary<UInt128, TokenBucket> _peers = [];
    private readonly byte[][] _scanners = [.. admission.Scanners.Where(name => name.Length > 0).Select(name => Encoding.ASCII.GetBytes(name.ToUpperInvariant()))];

    /// <summary>Whether a message may be read.</summary>
    public bool Allows(NetAddress from, bool isPeer, Instant now)
    {
        if (isPeer)
        {
            if (admission.MessagesPerSecond == 0) return true;
            ref var own = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_peers, from.Address, out _);
            return own.TryTake(now, admission.MessagesPerSecond, admission.MessageBurst);
        }

        if (admission.StrangerMessagesPerSecond == 0) return true;
        // One half after the other: addresses whose halves cancel each other out must not meet in one place.
        var place = (int)(Mix(Mix((ulong)from.Address ^ secret) ^ (ulong)(from.Address >> 64)) % Places);
        return _strangers[place].TryTake(now, admission.StrangerMessagesPerSecond, admission.StrangerMessageBurst);
    }

    /// <summary>Other peers: hosts that are none any more cost nothing.</summary>
    public void Forget() => _peers.Clear();

    /// <summary>Whether a request names itself a scanner's.</summary>
    public bool IsScanner(SipMessage request)
    {
        if (_scanners.Length == 0) return false;
        var agent = request.First(SipHeader.UserAgent);
        foreach (var name in _scanners)
        {
            for (var at = 0; at + name.Length <= agent.Length; at++)
            {
                if (Ascii.EqualsIgnoreCase(agent.Slice(at, name.Length), name)) return true;
            }
        }

        return false;
    }

    // Spreads every bit over the word (the finalizer of MurmurHash3).
    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCD;
        x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53;
        return x ^ (x >> 33);
    }
}
