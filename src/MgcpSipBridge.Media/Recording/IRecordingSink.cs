namespace MgcpSipBridge.Media;

/// <summary>Where a recording goes. Called by the thread that relays: it must not wait.</summary>
public interface IRecordingSink
{
    /// <summary>Takes bytes for the end of the file; false when it takes no more, now and from now on.</summary>
    bool TryWrite(ReadOnlySpan<byte> bytes);

    /// <summary>Puts the header, whose length was not known before, in place of the first bytes, and closes the file.</summary>
    void Finish(ReadOnlySpan<byte> header);
}
