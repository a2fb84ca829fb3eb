using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace MgcpSipBridge.Benchmarks.Load;

/// <summary>Readers of the event stream that take a few hundred bytes a second, far less than there is.</summary>
internal sealed partial class SlowWatchers : IDisposable
{
    private const int BytesAtOnce = 512;
    private readonly List<(Socket Socket, StringBuilder Read)> _readers = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _reading = Task.CompletedTask;

    /// <summary>Connects them all.</summary>
    public static async Task<SlowWatchers> Start(Uri http, int count)
    {
        var watchers = new SlowWatchers();
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
            await socket.ConnectAsync(IPAddress.Parse(http.Host), http.Port);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /v1/events:watch HTTP/1.1\r\nHost: {http.Authority}\r\n\r\n"));
            watchers._readers.Add((socket, new StringBuilder()));
        }

        watchers._reading = watchers.Read();
        return watchers;
    }

    /// <summary>Lets some of them read all that is there for them: each event has to have come, or to be among those that its reader was told to have missed.</summary>
    /// <returns>How many events came to them, how many they were told to have missed, and how many are neither.</returns>
    public async Task<(long Came, long Missed, long Untold)> CatchUp(int some)
    {
        await _stop.CancelAsync();
        await _reading;
        var (came, missed, untold) = (0L, 0L, 0L);
        await Task.WhenAll(_readers.Take(some).Select(async reader =>
        {
            var (socket, read) = reader;
            var buffer = new byte[65_536];
            using var quiet = new CancellationTokenSource(TimeSpan.FromSeconds(3));
            try
            {
                while (await socket.ReceiveAsync(buffer, quiet.Token) is var length and > 0) read.Append(Encoding.UTF8.GetString(buffer, 0, length));
            }
            catch (OperationCanceledException)
            {
                // All that is there has come.
            }
        }));
        foreach (var (_, read) in _readers.Take(some))
        {
            var expected = 0L;
            foreach (Match part in Numbers().Matches(ChunkHeads().Replace(read.ToString(), "")))
            {
                var number = long.Parse(part.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
                if (part.Groups[1].ValueSpan is "count")
                {
                    missed += number;
                    expected += expected == 0 ? 0 : number;
                }
                else if (number > 0)
                {
                    came++;
                    if (expected != 0) untold += Math.Abs(number - expected);
                    expected = number + 1;
                }
            }
        }

        return (came, missed, untold);
    }

    public void Dispose()
    {
        _stop.Cancel();
        foreach (var (socket, _) in _readers) socket.Dispose();
        _stop.Dispose();
    }

    // One thread for all: they must not take the processor that the bridge needs.
    private async Task Read()
    {
        var buffer = new byte[BytesAtOnce];
        try
        {
            while (true)
            {
                foreach (var (socket, read) in _readers)
                    if (socket.Available > 0) read.Append(Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer)));
                await Task.Delay(1000, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // They catch up, or end.
        }
    }

    // A chunk of HTTP may end within a number (RFC 9112 section 7.1).
    [GeneratedRegex("\r\n[0-9a-f]+\r\n")]
    private static partial Regex ChunkHeads();

    [GeneratedRegex("\"(sequence|count)\":\\s*\"?(\\d+)")]
    private static partial Regex Numbers();
}
