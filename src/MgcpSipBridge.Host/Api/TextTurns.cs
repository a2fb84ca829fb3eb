namespace MgcpSipBridge.Host.Api;

/// <summary>Lets whole files be read one after the other: a text in parts takes many times its size.</summary>
internal sealed class TextTurns : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Waits for one's turn, which lasts until what is returned is disposed of.</summary>
    public async Task<IDisposable> TakeAsync(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        return new Turn(_one);
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private sealed class Turn(SemaphoreSlim one) : IDisposable
    {
        public void Dispose() => one.Release();
    }
}
