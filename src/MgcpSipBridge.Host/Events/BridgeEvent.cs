using Google.Protobuf.WellKnownTypes;

namespace MgcpSipBridge.Host.Events;

/// <summary>An event. What the API says of it is put together when the first reader asks, and then shared: the call that caused it does not pay for it.</summary>
/// <param name="time">When (UTC).</param>
/// <param name="type">What happened: <c>call.started</c>.</param>
/// <param name="kind">What kind of resource it is about: <c>calls/</c>, or nothing where <paramref name="name"/> is all of it.</param>
/// <param name="name">Which one.</param>
internal abstract class BridgeEvent(DateTime time, string type, string kind, string name)
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
        var message = new V1.Event
        {
            Sequence = Sequence,
            ResumeToken = log.TokenAfter(Sequence),
            Time = Timestamp.FromDateTime(time),
            Node = node,
            Type = type,
            Resource = kind + name,
        };
        Write(message);
        Volatile.Write(ref _message, message);
        return message;
    }

    /// <summary>Writes what more there is to say.</summary>
    protected abstract void Write(V1.Event message);
}

/// <summary>An event with what caused it: thousands of them are kept, so there is no closure for what the cause knows.</summary>
/// <param name="time">When (UTC).</param>
/// <param name="type">What happened.</param>
/// <param name="kind">What kind of resource it is about.</param>
/// <param name="name">Which one.</param>
/// <param name="cause">What caused it; it does not change.</param>
/// <param name="write">Writes what the cause says.</param>
internal sealed class BridgeEvent<T>(DateTime time, string type, string kind, string name, T cause, Action<V1.Event, T> write) : BridgeEvent(time, type, kind, name)
{
    /// <inheritdoc/>
    protected override void Write(V1.Event message) => write(message, cause);
}
