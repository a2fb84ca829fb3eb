using System.Buffers;
using System.Collections.Concurrent;
using MgcpSipBridge.Engine;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Shards;

/// <summary>
/// A mailbox, an engine and one reader at a time: one input, then all outputs, then one timer at the engine's next deadline. Who brings a letter
/// while nobody reads becomes the reader himself, and whoever reads goes on until the mailbox is empty: no thread is woken and none waits for another,
/// which is most of what a datagram costs otherwise. Messages from the network
/// are shed when too many wait; answers to what the engine itself asked for (look-ups, relay events, queries) never are, since their number
/// is bounded by the engine.
/// </summary>
internal sealed partial class Shard : IShardQueries, IThreadPoolWorkItem, IAsyncDisposable
{
    // Letters that a bringer reads before he leaves the rest to a thread of the pool: his own socket must not wait for ever.
    private const int Turn = 64;
    private static readonly TimeSpan FarOff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentQueue<Letter> _mailbox = new();
    private readonly ConcurrentDictionary<long, Question> _questions = new();
    private readonly MonotonicClock _clock;
    private readonly int _limit;
    private readonly TimeSpan _answerTimeout;
    private readonly Action<string> _shed;
    private readonly ILogger _log;
    private readonly Thread _ticking;
    private readonly AutoResetEvent _sooner = new(false);
    private IShardEngine? _engine;
    private IShardOutputs? _outputs;
    private SipOverload? _overload;
    private long _armed = Instant.Never.Ticks;
    private long _lastQuestion;
    private int _waiting;
    private int _reading;
    private int _called;
    private volatile bool _started;
    private volatile bool _closed;

    /// <summary>A shard without an engine; letters wait until <see cref="Start"/>.</summary>
    /// <param name="clock">Its time line.</param>
    /// <param name="limit">Network messages that may wait.</param>
    /// <param name="answerTimeout">How long <see cref="AskAsync"/> waits.</param>
    /// <param name="shed">Told the protocol of every message that was shed.</param>
    /// <param name="log">Where bugs go.</param>
    public Shard(MonotonicClock clock, int limit, TimeSpan answerTimeout, Action<string> shed, ILogger log)
    {
        (_clock, _limit, _answerTimeout, _shed, _log) = (clock, limit, answerTimeout, shed, log);
        _ticking = new Thread(Tick) { IsBackground = true, Name = "shard clock" };
    }

    /// <summary>Sequence of the last event that was published.</summary>
    public Func<long> Published { get; init; } = () => 0;

    /// <summary>Starts reading. With <paramref name="overload"/>, new calls that find no room are refused at once instead of waiting for a repeat.</summary>
    public void Start(IShardEngine engine, IShardOutputs outputs, SipOverload? overload = null)
    {
        (_engine, _outputs, _overload) = (engine, outputs, overload);
        _started = true;
        _ticking.UnsafeStart();
        CallReader();
    }

    /// <summary>Takes a datagram that came to an MGCP socket, by its address where there are several; the bytes are copied.</summary>
    public void PostMgcp(NetAddress from, NetAddress on, ReadOnlySpan<byte> bytes)
    {
        if (!Admit("mgcp")) return;
        var copy = Copy(bytes);
        Bring(new Letter(new EngineInput.MgcpDatagram(from, copy.AsMemory(0, bytes.Length)) { On = on }, copy));
    }

    /// <summary>Takes a whole SIP message; the bytes are copied.</summary>
    public void PostSip(SipFlow flow, ReadOnlySpan<byte> bytes)
    {
        if (!Admit("sip"))
        {
            Refuse(flow, bytes);
            return;
        }

        var copy = Copy(bytes);
        Bring(new Letter(new EngineInput.SipMessage(flow, copy.AsMemory(0, bytes.Length)), copy));
    }

    /// <summary>Takes an input that must not be lost. Never runs the engine itself: the caller may be an output, or a thread that must not be kept.</summary>
    public void Post(EngineInput input) => Leave(new Letter(input, null));

    /// <summary>Takes a model; ends when the engine has taken it, and throws what the engine threw.</summary>
    public Task ConfigureAsync(EngineModel model)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Leave(new Letter(new EngineInput.Configure(model), null, done));
        return done.Task;
    }

    /// <inheritdoc/>
    public async Task<object?> AskAsync(EngineQuery question, CancellationToken cancel, TimeSpan? patience = null) => (await PutAsync(question, patience, cancel)).Answer;

    /// <inheritdoc/>
    public Task<(object? Answer, long Sequence)> LookAsync(EngineQuery question, CancellationToken cancel) => PutAsync(question, null, cancel);

    private async Task<(object? Answer, long Sequence)> PutAsync(EngineQuery question, TimeSpan? patience, CancellationToken cancel)
    {
        var number = Interlocked.Increment(ref _lastQuestion);
        var asked = new Question();
        _questions[number] = asked;
        try
        {
            if (_closed) throw new TimeoutException("The engine has stopped.");
            Leave(new Letter(new EngineInput.Ask(number, question), null));
            return (await asked.Task.WaitAsync(patience ?? _answerTimeout, cancel), asked.Sequence);
        }
        finally
        {
            _questions.TryRemove(number, out _);
        }
    }

    /// <summary>Ends when all that came before has been read.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        if (_started)
        {
            var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Leave(new Letter(null, null, read));
            await read.Task;
            _sooner.Set();
            _ticking.Join();
        }

        _sooner.Dispose();
    }

    /// <summary>Reads the mailbox empty.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        Interlocked.Exchange(ref _called, 0);
        Serve(int.MaxValue);
    }

    private static byte[] Copy(ReadOnlySpan<byte> bytes)
    {
        var copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(copy);
        return copy;
    }

    private void Refuse(SipFlow flow, ReadOnlySpan<byte> bytes)
    {
        if (_overload is not { } overload) return;
        // Several sockets receive at once; a refusal takes a few microseconds.
        lock (overload)
            if (overload.TryRefuse(bytes, flow, out var to, out var refusal)) _outputs?.SendSip(to, refusal);
    }

    private bool Admit(string protocol)
    {
        if (Interlocked.Increment(ref _waiting) <= _limit) return true;
        Interlocked.Decrement(ref _waiting);
        _shed(protocol);
        return false;
    }

    private void Bring(Letter letter)
    {
        _mailbox.Enqueue(letter);
        if (_started) Serve(Turn);
    }

    private void Leave(Letter letter)
    {
        _mailbox.Enqueue(letter);
        // First the letter, then the look: whoever stops reading does it the other way round, so that one of the two sees the other.
        Interlocked.MemoryBarrier();
        if (_started && Volatile.Read(ref _reading) == 0) CallReader();
    }

    private void CallReader()
    {
        if (Interlocked.Exchange(ref _called, 1) == 0) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void Serve(int most)
    {
        while (!_mailbox.IsEmpty && Interlocked.CompareExchange(ref _reading, 1, 0) == 0)
        {
            try
            {
                for (; most > 0 && _mailbox.TryDequeue(out var letter); most--) Read(letter);
            }
            finally
            {
                Interlocked.Exchange(ref _reading, 0);
            }

            if (most > 0) continue;
            if (!_mailbox.IsEmpty) CallReader();
            return;
        }
    }

    private void Read(Letter letter)
    {
        if (letter.Input is not { } input)
        {
            letter.Done?.TrySetResult();
            return;
        }

        var now = _clock.Now;
        var failed = false;
        // Each input's events are out before the next is read.
        if (input is EngineInput.Ask ask && _questions.TryGetValue(ask.Query, out var asked)) asked.Sequence = Published();
        try
        {
            _engine!.Handle(input, now, DateTime.UtcNow);
        }
        catch (Exception e)
        {
            // The engine clears a call that throws; what comes out here is beyond it. The other calls go on, so their outputs and deadlines do, too.
            failed = true;
            Failed(letter, e);
        }

        while (_engine!.TryTake(out var output))
        {
            try
            {
                Perform(output, _outputs!);
            }
            catch (Exception e)
            {
                failed = true;
                Failed(letter, e);
            }
        }

        // What throws again whenever it is due must not keep a processor busy.
        var next = _engine.NextDeadline;
        Arm(failed && next < now + AfterFailure ? now + AfterFailure : next ?? Instant.Never);
        letter.Done?.TrySetResult();
        if (letter.Rented is null) return;
        ArrayPool<byte>.Shared.Return(letter.Rented);
        Interlocked.Decrement(ref _waiting);
    }

    private void Failed(Letter letter, Exception e)
    {
        letter.Done?.TrySetException(e);
        Log.Failed(_log, letter.Input?.GetType().Name ?? "", e);
    }

    private void Perform(EngineOutput output, IShardOutputs outputs)
    {
        switch (output)
        {
            case EngineOutput.SendMgcp send:
                outputs.SendMgcp(send.To, send.Bytes);
                break;
            case EngineOutput.SendSip send:
                outputs.SendSip(send.Flow, send.Bytes);
                break;
            case EngineOutput.Relay relay:
                outputs.Relay(relay.Command);
                break;
            case EngineOutput.AskRouter question:
                outputs.AskRouter(question);
                break;
            case EngineOutput.LookUp question:
                outputs.LookUp(question);
                break;
            case EngineOutput.Traced traced:
                outputs.Traced(traced.CallId, traced.Message);
                break;
            case EngineOutput.Noted noted:
                outputs.Noted(noted.Note);
                break;
            case EngineOutput.Answer answer:
                if (_questions.TryGetValue(answer.Query, out var waiting)) waiting.TrySetResult(answer.Value);
                break;
        }
    }

    // The clock is only ever set forward: a tick that finds nothing due sets it anew. Deadlines may be late by the slack, and far ones are, so that a busy
    // engine's thousands of them share their ticks: most are done with the next datagram anyway.
    private void Arm(Instant deadline)
    {
        if (_closed || new Instant(Volatile.Read(ref _armed)) - deadline <= Slack) return;
        Volatile.Write(ref _armed, (deadline - _clock.Now > FarOff ? deadline + Slack : deadline).Ticks);
        if (Thread.CurrentThread != _ticking) _sooner.Set();
    }

    // A thread of its own: the pool's timers take one more change of thread a tick, and another thread's time to be set.
    private void Tick()
    {
        while (!_closed)
        {
            var wait = new Instant(Volatile.Read(ref _armed)) - _clock.Now;
            if (wait > TimeSpan.Zero)
            {
                // Rounded up to whole milliseconds; rounded down it would wake early, twice.
                _sooner.WaitOne((int)Math.Ceiling(Math.Min(wait.TotalMilliseconds, int.MaxValue)));
                continue;
            }

            Volatile.Write(ref _armed, Instant.Never.Ticks);
            Bring(new Letter(EngineInput.DeadlineReached.Instance, null));
        }
    }

    /// <summary>A question that waits for its answer.</summary>
    private sealed class Question() : TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long Sequence { get; set; }
    }

    private readonly record struct Letter(EngineInput? Input, byte[]? Rented, TaskCompletionSource? Done = null);

    private static partial class Log
    {
        [LoggerMessage(EventId = 6001, EventName = "EngineFailed", Level = LogLevel.Error, Message = "The engine failed on {Input}")]
        internal static partial void Failed(ILogger logger, string input, Exception exception);
    }
}
