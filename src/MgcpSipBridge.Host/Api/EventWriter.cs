using System.Buffers;
using Grpc.Core;
using MgcpSipBridge.Host.Events;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using Microsoft.AspNetCore.Http.Features;

namespace MgcpSipBridge.Host.Api;

/// <summary>Writes events to one reader. A line of JSON is the same for all of REST's readers: the first of them has it made, and the others send the bytes.</summary>
internal sealed class EventWriter(IServerStreamWriter<V1.Event> stream, HttpContext http)
{
    private readonly bool _rest = http.GetEndpoint()?.Metadata.GetMetadata<GrpcJsonTranscodingMetadata>() is not null;
    private bool _sharesLines;

    /// <summary>Writes what concerns this reader alone, and all before it.</summary>
    public async Task TellAsync(V1.Event own, CancellationToken cancel)
    {
        await stream.WriteAsync(own, cancel);
        await FlushAsync(cancel);
        // The first has sent the headers, and they name the encoding: readers may ask for another one than UTF-8.
        _sharesLines = _rest && http.Response.ContentType?.EndsWith("charset=utf-8", StringComparison.OrdinalIgnoreCase) == true;
    }

    /// <summary>Writes an event, to be sent with the next flush.</summary>
    public async ValueTask AddAsync(BridgeEvent happened, V1.Event message, CancellationToken cancel)
    {
        if (_sharesLines)
        {
            http.Response.BodyWriter.Write(happened.Line ??= await LineAsync(message, cancel));
            return;
        }

        if (!_rest) stream.WriteOptions = Together;
        await stream.WriteAsync(message, cancel);
    }

    /// <summary>Sends what was written. While the reader does not read, this waits.</summary>
    public async ValueTask FlushAsync(CancellationToken cancel) => await http.Response.BodyWriter.FlushAsync(cancel);

    private static WriteOptions Together { get; } = new(WriteFlags.BufferHint);

    // Transcoding writes as ever, but into memory.
    private async Task<byte[]> LineAsync(V1.Event message, CancellationToken cancel)
    {
        var body = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var text = new MemoryStream();
        var memory = new StreamResponseBodyFeature(text);
        http.Features.Set<IHttpResponseBodyFeature>(memory);
        try
        {
            await stream.WriteAsync(message, cancel);
            await memory.Writer.FlushAsync(cancel);
            return text.ToArray();
        }
        finally
        {
            http.Features.Set(body);
        }
    }
}
