using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace MgcpSipBridge.Relay;

/// <summary>Asks the processor for memory before it is needed. A hint: it never fails, and does nothing where there is no such instruction.</summary>
internal static unsafe class CacheHint
{
    private const int LineBytes = 64;

    /// <summary>Asks for the first bytes of an object; null asks for nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Bring(object? target, int bytes)
    {
        if (!Sse.IsSupported || target is null) return;
        // To the processor an address and no reference: that the collector moves the object at this moment makes the hint useless, not wrong.
        var address = *(byte**)Unsafe.AsPointer(ref target);
        for (var offset = 0; offset < bytes; offset += LineBytes) Sse.Prefetch0(address + offset);
    }
}
