using System.Collections.Concurrent;

namespace MgcpSipBridge.Host.Events;

/// <summary>
/// Writes to the readers of the event stream in turns, on one thread of its own: however many they are, they take a part of one processor, and nothing of the threads that
/// calls run on. Who waits for news, or for a reader whose pipe is full, takes no turns.
/// </summary>
internal sealed class EventTurns : TaskScheduler, IDisposable
{
    // A turn ends in a flush or so, most of which is the kernel's work on another thread. Some 2000 in a second are affordable.
    private const int TurnsAtOnce = 16;
    private const double RestPerTurn = 0.5;

    // Time at rest for each that is worked: no more than a third of a processor.
    private const double RestPerWork = 2;

    private static readonly TimeSpan End = TimeSpan.FromSeconds(1);

    private readonly BlockingCollection<Task> _turns = [];
    private readonly CancellationToken _stopping;
    private readonly Thread _thread;

    /// <param name="stopping">From then on there is no rest: all readers are told of the end.</param>
    public EventTurns(CancellationToken stopping)
    {
        _stopping = stopping;
        _thread = new Thread(Run) { IsBackground = true, Name = "event readers" };
        _thread.Start();
    }

    /// <summary>Runs all of some work here, from await to await a turn each.</summary>
    public Task RunAsync(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    /// <summary>Ends when the turns that are waiting were taken, and waits for that a second at most; later ones run on the pool's threads.</summary>
    public void Dispose()
    {
        _turns.CompleteAdding();
        _thread.Join(End);
    }

    /// <inheritdoc/>
    protected override void QueueTask(Task task)
    {
        try
        {
            _turns.Add(task);
        }
        catch (InvalidOperationException)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => TryExecuteTask(task), null);
        }
    }

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => Thread.CurrentThread == _thread && TryExecuteTask(task);

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => _turns;

    private void Run()
    {
        while (_turns.TryTake(out var turn, Timeout.Infinite))
        {
            var began = TimeProvider.System.GetTimestamp();
            var taken = 0;
            do TryExecuteTask(turn);
            while (++taken < TurnsAtOnce && _turns.TryTake(out turn));
            var worked = TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
            _stopping.WaitHandle.WaitOne((int)Math.Ceiling(Math.Max(RestPerTurn * taken, RestPerWork * worked)));
        }
    }
}
