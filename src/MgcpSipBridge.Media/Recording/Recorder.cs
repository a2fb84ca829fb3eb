using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>Records a session as a command asks for it, within its limits; writes bytes and knows no file.</summary>
internal abstract class Recorder(RelayCommand.Record command, IRecordingSink sink, Instant begun)
{
    private long _bytes;
    private bool _failed;

    /// <summary>Its name.</summary>
    public RecordingId Id => command.Id;

    /// <summary>When <see cref="Tick"/> is wanted; at once when it must be ended.</summary>
    public Instant NextDeadline => MustEnd is null ? Due : Instant.Zero;

    /// <summary>Whether it must be ended, and why.</summary>
    public RecordingEnd? MustEnd { get; private set; }

    /// <summary>Whether it wants samples beside packets.</summary>
    public abstract bool WantsSamples { get; }

    /// <summary>When something is due.</summary>
    protected abstract Instant Due { get; }

    /// <summary>When it has lasted as long as it may.</summary>
    protected Instant Until => begun + command.MaxLength;

    /// <summary>A packet from an end, and what it says if that is speech.</summary>
    public abstract void Take(RelaySide from, ReadOnlySpan<byte> datagram, in RtpHeader header, ReadOnlySpan<short> samples, Instant now);

    /// <summary>Does what is due.</summary>
    public virtual void Tick(Instant now)
    {
        if (now >= Until) MustEnd ??= RecordingEnd.Length;
    }

    /// <summary>Closes the file and says what became of it.</summary>
    public RelayEvent.RecordingEnded End(MediaId media, RecordingEnd reason, Instant now)
    {
        // What is due belongs to it, also when its turn would have come after this.
        Tick(now);
        Span<byte> header = stackalloc byte[64];
        sink.Finish(header[..WriteHeader(_bytes, header)]);
        return new(media, Id, _failed ? RecordingEnd.Failed : reason, _bytes, Length(_bytes, now), _failed ? RecordingFault.Disk : RecordingFault.None);
    }

    /// <summary>How long what it holds is.</summary>
    protected virtual TimeSpan Length(long bytes, Instant now) => Instant.Min(now, Until) - begun;

    /// <summary>The bytes that the file begins with, now that it is known how many follow.</summary>
    protected abstract int WriteHeader(long bytes, Span<byte> header);

    /// <summary>Writes, while it is within its size.</summary>
    protected void Write(ReadOnlySpan<byte> bytes)
    {
        if (MustEnd is not null) return;
        if (_bytes + bytes.Length > command.MaxBytes)
        {
            MustEnd = RecordingEnd.Size;
            return;
        }

        _bytes += bytes.Length;
        if (sink.TryWrite(bytes)) return;
        _failed = true;
        MustEnd = RecordingEnd.Failed;
    }
}
