namespace MgcpSipBridge.Host.Api.Security;

/// <summary>A stream of answers, which is as good as the token or certificate that opened it.</summary>
internal sealed class OpenStream : IDisposable
{
    private readonly Func<bool> _stillMay;
    private readonly Action<OpenStream> _ended;
    private readonly CancellationTokenSource _ends;
    private readonly CancellationTokenSource _withdrawn = new();
    private readonly Lock _gate = new();
    private bool _isOver;

    /// <param name="stillMay">Whether whoever asked for it may have it still; not asked any more once it is disposed of.</param>
    /// <param name="ended">Told that it is over.</param>
    /// <param name="ends">What else ends it.</param>
    public OpenStream(Func<bool> stillMay, Action<OpenStream> ended, params ReadOnlySpan<CancellationToken> ends)
    {
        (_stillMay, _ended) = (stillMay, ended);
        _ends = CancellationTokenSource.CreateLinkedTokenSource([_withdrawn.Token, .. ends]);
    }

    /// <summary>Cancelled when the stream is to end, for whatever reason.</summary>
    public CancellationToken Ends => _ends.Token;

    /// <summary>Cancelled when it is to end because its token or certificate is no longer taken.</summary>
    public CancellationToken Withdrawn => _withdrawn.Token;

    /// <summary>Whether that is why.</summary>
    public bool IsWithdrawn => _withdrawn.IsCancellationRequested;

    /// <summary>Ends it if whoever asked for it may not have it any more.</summary>
    public void Look()
    {
        lock (_gate)
        {
            // The request must not be looked into when it is over: it may be another's by then.
            if (_isOver || IsWithdrawn || _stillMay()) return;
        }

        // Outside, for what it ends may dispose of us.
        Withdraw();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate) _isOver = true;
        _ended(this);
        _ends.Dispose();
        _withdrawn.Dispose();
    }

    private void Withdraw()
    {
        try
        {
            // What hangs on it runs elsewhere: whoever looks has others to look at.
            _ = _withdrawn.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }
}
