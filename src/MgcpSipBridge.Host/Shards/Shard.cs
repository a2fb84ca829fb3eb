using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Channels;
using MgcpSipBridge.Engine;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Shards;

/// <summary>
/// A mailbox, an engine and one loop: one input, then all outputs, then one timer at the engine's next deadline. Messages from the network
/// are shed when too many wait; answers to what the engine itself asked for (look-ups, relay events, queries) never are, since their number
/// is bounded by the engine.
/// </summary>
internal sealed partial class Shard : IShardQueries, IAsyncDisposable
{
    private readonly Channel<Letter> _mailbox = Channel.CreateUnbounded<Letter>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<long, TaskCompletionSource<object?>> _questions = new();
    private readonly MonotonicClock _clock;
    private readonly int _limit;
    private readonly TimeSpan _answerTimeout;
    private readonly Action<string> _shed;
    private readonly ILogger _log;
    private readonly Timer _timer;
    private IShardOutputs? _outputs;
    private SipOverload? _overload;
    private Instant _armed = Instant.Never;
    private long _lastQuestion;
    private int _waiting;
    private Task _loop = Task.CompletedTask;

    /// <summary>A shard without an engine; letters wait until <see cref="Start"/>.</summary>
    /// <param name="clock">Its time line.</param>
    /// <param name="limit">Network messages that may wait.</param>
    /// <param name="answerTimeout">How long <see cref="AskAsync"/> waits.</param>
    /// <param name="shed">Told the protocol of every message that was shed.</param>
    /// <param name="log">Where bugs go.</param>
    public Shard(MonotonicClock clock, int limit, TimeSpan answerTimeout, Action<string> shed, ILogger log)
    {
        (_clock, _limit, _answerTimeout, _shed, _log) = (clock, limit, answerTimeout, shed, log);
        _timer = new Timer(_ => Post(EngineInput.DeadlineReached.Instance));
    }

    /// <summary>Starts the loop. With <paramref name="overload"/>, new calls that find no room are refused at once instead of waiting for a repeat.</summary>
    public void Start(IShardEngine engine, IShardOutputs outputs, SipOverload? overload = null)
    {
        (_outputs, _overload) = (outputs, overload);
        _loop = Task.Run(() => RunAsync(engine, outputs));
    }

    /// <summary>Takes a datagram of the MGCP port; the bytes are copied.</summary>
    public void PostMgcp(NetAddress from, ReadOnlySpan<byte> bytes)
    {
        if (!Admit("mgcp")) return;
        var copy = Copy(bytes);
        _mailbox.Writer.TryWrite(new Letter(new EngineInput.MgcpDatagram(from, copy.AsMemory(0, bytes.Length)), copy));
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
        _mailbox.Writer.TryWrite(new Letter(new EngineInput.SipMessage(flow, copy.AsMemory(0, bytes.Length)), copy));
    }

    /// <summary>Takes an input that must not be lost.</summary>
    public void Post(EngineInput input) => _mailbox.Writer.TryWrite(new Letter(input, null));

    /// <summary>Takes a model; ends when the engine has taken it, and throws what the engine threw.</summary>
    public Task ConfigureAsync(EngineModel model)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _mailbox.Writer.TryWrite(new Letter(new EngineInput.Configure(model), null, done));
        return done.Task;
    }

    /// <inheritdoc/>
    public async Task<object?> AskAsync(EngineQuery question, CancellationToken cancel)
    {
        var number = Interlocked.Increment(ref _lastQuestion);
        var answer = new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _questions[number] = answer;
        try
        {
            if (!_mailbox.Writer.TryWrite(new Letter(new EngineInput.Ask(number, question), null))) throw new TimeoutException("The engine has stopped.");
            return await answer.Task.WaitAsync(_answerTimeout, cancel);
        }
        finally
        {
            _questions.TryRemove(number, out _);
        }
    }

    /// <summary>Ends the loop once the mailbox is empty.</summary>
    public async ValueTask DisposeAsync()
    {
        _mailbox.Writer.TryComplete();
        await _loop;
        await _timer.DisposeAsync();
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

    private async Task RunAsync(IShardEngine engine, IShardOutputs outputs)
    {
        while (await _mailbox.Reader.WaitToReadAsync())
            while (_mailbox.Reader.TryRead(out var letter))
            {
                var now = _clock.Now;
                if (letter.Input is EngineInput.DeadlineReached) _armed = Instant.Never;
                try
                {
                    engine.Handle(letter.Input, now, DateTime.UtcNow);
                    while (engine.TryTake(out var output)) Perform(output, outputs);
                    Arm(engine.NextDeadline);
                    letter.Done?.TrySetResult();
                }
                catch (Exception e)
                {
                    letter.Done?.TrySetException(e);
                    // The engine clears a call that throws; what comes out here is beyond it. The other calls go on.
                    Log.Failed(_log, letter.Input.GetType().Name, e);
                }

                if (letter.Rented is null) continue;
                ArrayPool<byte>.Shared.Return(letter.Rented);
                Interlocked.Decrement(ref _waiting);
            }
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
            case EngineOutput.LookUp question:
                outputs.LookUp(question);
                break;
            case EngineOutput.Noted noted:
                outputs.Noted(noted.Note);
                break;
            case EngineOutput.Answer answer:
                if (_questions.TryGetValue(answer.Query, out var waiting)) waiting.TrySetResult(answer.Value);
                break;
        }
    }

    // The timer is only ever moved forward: one that fires too early finds nothing due, and is armed anew then.
    private void Arm(Instant? deadline)
    {
        if (deadline is not { } at || at >= _armed) return;
        _armed = at;
        var delay = at - _clock.Now;
        // Rounded up to the timer's resolution of 1 ms; rounded down it would fire early, twice.
        _timer.Change(delay <= TimeSpan.Zero ? 0 : (long)Math.Ceiling(Math.Min(delay.TotalMilliseconds, int.MaxValue)), Timeout.Infinite);
    }

    private readonly record struct Letter(EngineInput Input, byte[]? Rented, TaskCompletionSource? Done = null);

    private static partial class Log
    {
        [LoggerMessage(EventId = 6001, EventName = "EngineFailed", Level = LogLevel.Error, Message = "The engine failed on {Input}")]
        internal static partial void Failed(ILogger logger, string input, Exception exception);
    }
}
