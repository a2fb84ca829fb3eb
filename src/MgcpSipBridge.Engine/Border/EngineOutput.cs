using MgcpSipBridge.Media;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Engine;

/// <summary>Everything a shard wants done. Taken one by one after every <see cref="BridgeEngine.Handle"/>.</summary>
public abstract record EngineOutput
{
    private EngineOutput()
    {
    }

    /// <summary>A datagram from the MGCP port.</summary>
    public sealed record SendMgcp(NetAddress To, ReadOnlyMemory<byte> Bytes) : EngineOutput;

    /// <summary>A SIP message.</summary>
    public sealed record SendSip(SipFlow Flow, ReadOnlyMemory<byte> Bytes) : EngineOutput;

    /// <summary>A name to resolve by RFC 3263.</summary>
    public sealed record LookUp(long Query, string Host, int Port, SipTransport? Transport) : EngineOutput;

    /// <summary>A command for the relay.</summary>
    public sealed record Relay(RelayCommand Command) : EngineOutput;

    /// <summary>A call that a router is to decide about, in <see cref="EngineSettings.RouterDeadline"/>: <see cref="EngineInput.Decided"/> with the same number.</summary>
    public sealed record AskRouter(long Query, long Router, RouterQuestion Question) : EngineOutput;

    /// <summary>The answer to a question; null when what it asked for does not exist.</summary>
    public sealed record Answer(long Query, object? Value) : EngineOutput;

    /// <summary>A message went over the wire; only with <see cref="EngineSettings.TellsMessages"/>.</summary>
    /// <param name="CallId">The call that it belongs to; SIP's own Call-ID where it belongs to none, and empty for MGCP.</param>
    /// <param name="Message">The message.</param>
    public sealed record Traced(string CallId, TracedMessage Message) : EngineOutput;

    /// <summary>Something to count, log or publish.</summary>
    public sealed record Noted(EngineNote Note) : EngineOutput;
}
