using System.Diagnostics;
using System.Threading.Channels;
using MgcpSipBridge.Engine;

namespace MgcpSipBridge.Host.Routing;

/// <summary>A client that routes: the questions that it has yet to fetch, and those that it has yet to answer.</summary>
internal sealed class Station(RouterModel model)
{
    /// <summary>Questions that may wait to be fetched, and that may wait to be answered; more than the engine asks at a time.</summary>
    private const int Most = 2048;

    private readonly Channel<(EngineOutput.AskRouter Question, long Asked)> _questions =
        Channel.CreateBounded<(EngineOutput.AskRouter, long)>(new BoundedChannelOptions(Most) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Lock _gate = new();
    private readonly Queue<long> _asked = [];
    private readonly HashSet<long> _open = [];

    /// <summary>What it routes.</summary>
    public RouterModel Model { get; } = model;

    /// <summary>Something to ask it; forgotten when it does not fetch its questions.</summary>
    public void Put(EngineOutput.AskRouter question)
    {
        lock (_gate)
        {
            _asked.Enqueue(question.Query);
            _open.Add(question.Query);
            if (_asked.Count > Most) _open.Remove(_asked.Dequeue());
        }

        _questions.Writer.TryWrite((question, Stopwatch.GetTimestamp()));
    }

    /// <summary>Whether it was asked this, and has not answered yet; from now on it has.</summary>
    public bool Take(long query)
    {
        lock (_gate) return _open.Remove(query);
    }

    /// <summary>Its questions, as they come. One that lay here for longer than <paramref name="deadline"/> is decided already.</summary>
    public async IAsyncEnumerable<EngineOutput.AskRouter> FetchAsync(TimeSpan deadline, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var (question, asked) in _questions.Reader.ReadAllAsync(cancel))
            if (Stopwatch.GetElapsedTime(asked) < deadline) yield return question;
    }

    /// <summary>Nothing more is asked.</summary>
    public void Close() => _questions.Writer.TryComplete();
}
