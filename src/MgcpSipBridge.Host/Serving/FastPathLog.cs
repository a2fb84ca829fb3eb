using MgcpSipBridge.Relay;

namespace MgcpSipBridge.Host.Serving;

/// <summary>Says what becomes of the kernel's fast path: where it stands, why not elsewhere, and every time that it was missing, also when it is back before anybody could look.</summary>
internal sealed partial class FastPathLog(ILogger log)
{
    private int _losses;

    /// <summary>It has changed.</summary>
    public void Tell(FastPathState state)
    {
        if (state.Losses != _losses) FastPathLost(log, state.LostAt ?? "");
        _losses = state.Losses;
        if (state.Interfaces > 0) FastPathOn(log, state.Interfaces);
        if (state.Refusal is not { } refusal) return;
        if (state.Interfaces > 0) FastPathLacks(log, refusal);
        else FastPathOff(log, refusal);
    }

    [LoggerMessage(EventId = 5007, EventName = "FastPathOn", Level = LogLevel.Information, Message = "Settled calls are passed on inside the kernel, at {Interfaces} interfaces")]
    private static partial void FastPathOn(ILogger logger, int interfaces);

    [LoggerMessage(EventId = 5008, EventName = "FastPathOff", Level = LogLevel.Information, Message = "The kernel passes on no calls by itself: {Reason}")]
    private static partial void FastPathOff(ILogger logger, string reason);

    [LoggerMessage(EventId = 5010, EventName = "FastPathLacks", Level = LogLevel.Warning, Message = "The kernel does not pass calls on at every interface: {Reason}")]
    private static partial void FastPathLacks(ILogger logger, string reason);

    [LoggerMessage(EventId = 5011, EventName = "FastPathLost", Level = LogLevel.Warning, Message = "The relay's program in the kernel was missing at {Interfaces}: somebody took it away, or the interface went")]
    private static partial void FastPathLost(ILogger logger, string interfaces);
}
