using Google.Protobuf.WellKnownTypes;

namespace MgcpSipBridge.Host.Events;

/// <summary>An event. What the API says of it is put together when the first reader asks, and then shared: the call that caused it does not pay for it.</summary>
/// <param name="time">When (UTC).</param>
/// <param name="write">Writes type, resource and what more there is.</param>
internal sealed class BridgeEvent(DateTime time, Action<V1.Event> write)
{
    private V1.Event? _message;
    private byte[]? _line;

    /// <summary>Its place in the order.</summary>
    public long Sequence { get; set; }

    /// <summary>It as a line of JSON in UTF-8, once a reader had it made. The same bytes for everybody: not to be changed.</summary>
    public byte[]? Line
    {
        get => Volatile.Read(ref _line);
        set => Volatile.Write(ref _line, value);
    }

    /// <summary>What the API says of it. The same object for everybody: not to be changed.</summary>
    public V1.Event Message(EventLog log, string node)
    {
        if (Volatile.Read(ref _message) is { } made) return made;
        // Two readers may both make it: one of the two is thrown away.
        var message = new V1.Event { Sequence = Sequence, ResumeToken = log.TokenAfter(Sequence), Time = Timestamp.FromDateTime(time), Node = node };
        write(message);
        Volatile.Write(ref _message, message);
        return message;
    }
}
