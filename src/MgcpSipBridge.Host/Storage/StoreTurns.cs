using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Storage;

/// <summary>
/// The storage's users one at a time, in the order in which they come. When it does not answer one, all who wait behind him are told so at once: they have waited for the same silence, and would
/// only begin to wait anew, each after the other.
/// </summary>
internal sealed class StoreTurns
{
    private readonly Lock _gate = new();
    private readonly Queue<(TaskCompletionSource Turn, bool Stays)> _waiting = new();
    private bool _taken;

    /// <summary>Does something when it is its turn.</summary>
    /// <exception cref="StoreException">The storage did not answer this one, or one before it.</exception>
    public T Take<T>(Func<T> act)
    {
        TurnAsync(stays: false).GetAwaiter().GetResult();
        return TakenAsync(() => Task.FromResult(act())).GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Take"/>
    /// <param name="act">What is done.</param>
    /// <param name="stays">Whether it needs no storage itself: then it has its turn whatever becomes of the others.</param>
    public async Task<T> TakeAsync<T>(Func<Task<T>> act, bool stays = false)
    {
        await TurnAsync(stays);
        return await TakenAsync(act);
    }

    /// <summary>Does what is to be done last.</summary>
    public void TakeLast(Action act)
    {
        try
        {
            Take(() =>
            {
                act();
                return true;
            });
        }
        catch (StoreException)
        {
            // Whoever had it waited in vain, and has let go of all that he had.
        }
    }

    private async Task<T> TakenAsync<T>(Func<Task<T>> act)
    {
        StoreException? silence = null;
        try
        {
            return await act();
        }
        catch (StoreException e) when (SqlDatabase.IsAway(e))
        {
            silence = e;
            throw;
        }
        finally
        {
            End(silence);
        }
    }

    private Task TurnAsync(bool stays)
    {
        lock (_gate)
        {
            if (!_taken)
            {
                _taken = true;
                return Task.CompletedTask;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((turn, stays));
            return turn.Task;
        }
    }

    private void End(StoreException? silence)
    {
        lock (_gate)
        {
            if (silence is not null)
            {
                var all = _waiting.ToList();
                _waiting.Clear();
                foreach (var waiting in all)
                    if (waiting.Stays) _waiting.Enqueue(waiting);
                    else waiting.Turn.SetException(new StoreException(silence.Message, silence.InnerException));
            }

            if (_waiting.TryDequeue(out var next)) next.Turn.SetResult();
            else _taken = false;
        }
    }
}
