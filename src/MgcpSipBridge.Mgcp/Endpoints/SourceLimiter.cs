using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// Limits what a host may send, before anything of it is read. Each host of a known gateway has its own allowance; all others share a table of fixed size, in which
/// an unpredictable place is theirs, so that no flood of made-up sources costs memory or can be aimed at one stranger.
/// </summary>
internal sealed class SourceLimiter(AgentServices services, GatewayDirectory directory)
{
    private const int Places = 1024;
    private readonly TokenBucket[] _strangers = new TokenBucket[Places];
    /// <summary>Strangers never see a transaction id of ours, so where ids began is as good as a number of its own.</summary>
    private readonly ulong _secret = services.Transactions.Beginning * 0x9E3779B97F4A7C15;

    /// <summary>Whether a datagram may be read.</summary>
    public bool Allows(NetAddress from, Instant now)
    {
        var admission = services.Admission;
        if (directory.HostOf(from) is { } host)
        {
            return admission.DatagramsPerSecond == 0
                || host.Bucket.TryTake(now, admission.DatagramsPerSecond * host.Shares, admission.DatagramBurst * host.Shares);
        }

        if (admission.StrangerDatagramsPerSecond == 0) return true;
        // Gateways whose address is still to be learnt come as strangers, perhaps all from one host.
        var shares = Math.Max(1, directory.UnlocatedShares);
        var place = (int)(Mix((ulong)from.Address ^ (ulong)(from.Address >> 64) ^ _secret) % Places);
        return _strangers[place].TryTake(now, admission.StrangerDatagramsPerSecond * shares, admission.StrangerDatagramBurst * shares);
    }

    /// <summary>Spreads every bit over the word (the finalizer of MurmurHash3).</summary>
    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCD;
        x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53;
        return x ^ (x >> 33);
    }
}
