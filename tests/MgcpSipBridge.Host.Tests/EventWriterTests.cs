using System.Text;
using Google.Api;
using Grpc.Core;
using MgcpSipBridge.Host.Api;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.V1;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using Microsoft.AspNetCore.Http;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What REST's readers of events are sent, and on which thread.</summary>
public sealed class EventWriterTests
{
    [Theory]
    [InlineData("utf-8", 1)]
    // Who wants it in another encoding has it made for himself.
    [InlineData("utf-16", 3)]
    public async Task An_event_is_made_into_text_once_for_all_who_read_it_so(string charset, int times)
    {
        var cancel = Patience.Token;
        var happened = new BridgeEvent<int>(DateTime.UtcNow, "a.test", "tests/", "1", 0, static (_, _) => { });
        var made = 0;
        for (var i = 0; i < 3; i++)
        {
            var http = new DefaultHttpContext();
            http.SetEndpoint(new Microsoft.AspNetCore.Http.Endpoint(null, new EndpointMetadataCollection(new GrpcJsonTranscodingMetadata(EventService.Descriptor.Methods[0], new HttpRule())), null));
            using var sent = new MemoryStream();
            http.Response.Body = sent;
            var reader = new EventWriter(new Transcoder(http, charset, message => made += message.Type == "gateway.up" ? 1 : 0), http);
            await reader.TellAsync(new Event { Type = "stream.heartbeat" }, cancel);
            await reader.AddAsync(happened, new Event { Type = "gateway.up" }, cancel);
            await reader.FlushAsync(cancel);
            Assert.Equal("stream.heartbeat\ngateway.up\n", Encoding.UTF8.GetString(sent.ToArray()));
        }

        Assert.Equal(times, made);
    }

    [Fact]
    public async Task Work_in_turns_stays_on_its_thread_and_the_end_lets_it_finish()
    {
        using var stop = new CancellationTokenSource();
        var turns = new EventTurns(stop.Token);
        var (inside, released) = (new TaskCompletionSource(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        string? late = null;
        var threads = new List<string?>();
        var work = Enumerable.Range(0, 100).Select(_ => turns.RunAsync(async () =>
        {
            threads.Add(Thread.CurrentThread.Name);
            await Task.Yield();
            threads.Add(Thread.CurrentThread.Name);
        })).ToArray();
        var last = turns.RunAsync(async () =>
        {
            inside.SetResult();
            await released.Task;
            late = "ended";
        });
        await Task.WhenAll(work);
        Assert.Equal(Enumerable.Repeat("event readers", 200), threads);
        await inside.Task;
        turns.Dispose();
        released.SetResult();
        await last;
        Assert.Equal("ended", late);
    }

    private sealed class Transcoder(HttpContext http, string charset, Action<Event> made) : IServerStreamWriter<Event>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(Event message) => WriteAsync(message, CancellationToken.None);

        public async Task WriteAsync(Event message, CancellationToken cancellationToken)
        {
            made(message);
            http.Response.ContentType ??= "application/json; charset=" + charset;
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(message.Type + "\n"), cancellationToken);
        }
    }
}
