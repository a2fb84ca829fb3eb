namespace MgcpSipBridge.Media;

/// <summary>Something that can be played to an end.</summary>
public abstract record PlaySource
{
    private PlaySource()
    {
    }

    /// <summary>A tone with its cadence; for so long, or until it is stopped.</summary>
    public sealed record Tones(Tone Tone, TimeSpan? Length = null) : PlaySource;

    /// <summary>Silence, for instance between two announcements.</summary>
    public sealed record Silence(TimeSpan Length) : PlaySource;

    /// <summary>An announcement of the relay's library, by its name.</summary>
    public sealed record Named(string Name) : PlaySource;

    /// <summary>An announcement itself.</summary>
    public sealed record Recorded(Sound Sound) : PlaySource;
}
