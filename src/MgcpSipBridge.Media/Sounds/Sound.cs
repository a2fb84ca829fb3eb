namespace MgcpSipBridge.Media;

/// <summary>A recorded announcement: samples of 16 bits at 8 kHz. Immutable, so that any number of calls may play it at once.</summary>
/// <param name="Samples">From the beginning to the end.</param>
public sealed record Sound(ReadOnlyMemory<short> Samples)
{
    /// <summary>How long it is.</summary>
    public TimeSpan Length => TimeSpan.FromSeconds((double)Samples.Length / G711.SampleRate);
}
