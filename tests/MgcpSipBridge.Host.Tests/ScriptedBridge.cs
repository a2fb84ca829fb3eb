using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Takes gRPC requests as a bridge does, and does with them what a test wants: answers too much, or not at all.</summary>
internal sealed class ScriptedBridge : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ScriptedBridge(WebApplication app) => _app = app;

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>The requests that came, as they stand in their frames.</summary>
    public List<byte[]> Requests { get; } = [];

    public static async Task<ScriptedBridge> StartAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var bridge = new ScriptedBridge(builder.Build());
        bridge._app.Run(async context =>
        {
            using var request = new MemoryStream();
            await context.Request.Body.CopyToAsync(request);
            bridge.Requests.Add(request.ToArray()[5..]);
            await answer(context);
        });
        await bridge._app.StartAsync(Patience.Token);
        return bridge;
    }

    /// <summary>The connection's stream ends without an answer, as when a bridge dies or the network does.</summary>
    public static Task Lose(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    public static async Task AnswerAsync(HttpContext context, IMessage answer)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.AppendTrailer("grpc-status", "0");
        var bytes = answer.ToByteArray();
        var head = new byte[5];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), bytes.Length);
        await context.Response.Body.WriteAsync(head);
        await context.Response.Body.WriteAsync(bytes);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
