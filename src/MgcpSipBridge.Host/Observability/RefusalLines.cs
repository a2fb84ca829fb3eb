using System.Runtime.InteropServices;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Host.Observability;

/// <summary>
/// Whether one more line is written about who was not let in: so many a minute of one address, enough to be banned, and so many of all together, for a flood of made-up
/// sources is to fill no disk.
/// </summary>
internal sealed class RefusalLines(Func<Instant> clock)
{
    private const int LinesOfOne = 20;
    private const int LinesOfAll = 600;
    private static readonly TimeSpan While = TimeSpan.FromMinutes(1);
    private readonly Dictionary<UInt128, int> _said = [];
    private readonly Lock _turn = new();
    private Instant _since;
    private int _all;

    /// <summary>Counts a line about an address, whatever its port; false when it is one too many.</summary>
    public bool May(NetAddress from)
    {
        lock (_turn)
        {
            var now = clock();
            if (now - _since > While)
            {
                (_since, _all) = (now, 0);
                _said.Clear();
            }

            if (_all >= LinesOfAll) return false;
            ref var said = ref CollectionsMarshal.GetValueRefOrAddDefault(_said, from.Address, out _);
            if (++said > LinesOfOne) return false;
            _all++;
            return true;
        }
    }
}
