using System.Diagnostics;
using System.Threading.Channels;
using MgcpSipBridge.Engine;

namespace MgcpSipBridge.Host.Routing;

/// <summary>What a client that routes has done so far.</summary>
/// <param name="Asked">Questions that it was asked.</param>
/// <param name="Answered">Those that it answered in time.</param>
/// <param name="Missed">Those that it did not.</param>
/// <param name="Waiting">Those that wait for its answer.</param>
internal readonly record struct StationCounts(long Asked, long Answered, long Missed, int Waiting);

/// <summary>A client that routes: the questions that it has yet to fetch, and those that it has yet to answer.</summary>
/// <param name="model">What it routes.</param>
/// <param name="deadline">How long a call waits for an answer.</param>
/// <param name="client">Who it is, and from where.</param>
internal sealed class Station(RouterModel model, TimeSpan deadline, string client)
{
    /// <summary>Questions that may wait to be fetched, and that may wait to be answered; more than the engine asks at a time.</summary>
    private const int Most = 2048;

    private readonly Channel<(EngineOutput.AskRouter Question, long Asked)> _questions =
        Channel.CreateBounded<(EngineOutput.AskRouter, long)>(new BoundedChannelOptions(Most) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Lock _gate = new();
    private readonly Queue<long> _order = [];
    private readonly Dictionary<long, long> _open = [];
    private long _asked;
    private long _answered;

    /// <summary>What it routes.</summary>
    public RouterModel Model { get; } = model;

    /// <summary>Who it is, and from where.</summary>
    public string Client { get; } = client;

    /// <summary>When it registered (UTC).</summary>
    public DateTime Since { get; } = DateTime.UtcNow;

    /// <summary>What it has done so far.</summary>
    public StationCounts Counts
    {
        get
        {
            lock (_gate)
            {
                var waiting = _open.Values.Count(asked => Stopwatch.GetElapsedTime(asked) < deadline);
                return new StationCounts(_asked, _answered, _asked - _answered - waiting, waiting);
            }
        }
    }

    /// <summary>Something to ask it; forgotten when it does not fetch its questions.</summary>
    public void Put(EngineOutput.AskRouter question)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _asked++;
            _order.Enqueue(question.Query);
            _open[question.Query] = now;
            if (_order.Count > Most) _open.Remove(_order.Dequeue());
        }

        _questions.Writer.TryWrite((question, now));
    }

    /// <summary>Whether it was asked this, and has not answered yet; from now on it has.</summary>
    public bool Take(long query)
    {
        lock (_gate)
        {
            if (!_open.Remove(query, out var asked)) return false;
            if (Stopwatch.GetElapsedTime(asked) < deadline) _answered++;
            return true;
        }
    }

    /// <summary>Its questions, as they come. One that lay here for longer than a call waits is decided already.</summary>
    public async IAsyncEnumerable<EngineOutput.AskRouter> FetchAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var (question, asked) in _questions.Reader.ReadAllAsync(cancel))
            if (Stopwatch.GetElapsedTime(asked) < deadline) yield return question;
    }

    /// <summary>Nothing more is asked.</summary>
    public void Close() => _questions.Writer.TryComplete();
}
