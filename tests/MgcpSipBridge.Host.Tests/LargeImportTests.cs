using System.Globalization;
using System.Net;
using System.Text;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Sixty thousand lines through clients as they are by default: what is in force is answered so that it can be read.</summary>
public sealed class LargeImportTests
{
    private const int Lines = 60_000;
    private static readonly string Table = Text();

    [Fact]
    public async Task Many_lines_are_imported_exported_and_applied_by_a_usual_client()
    {
        var cancel = Patience.Token;
        await using var bridge = await LiveBridge.StartAsync("peers: [{ name: pbx, uri: \"sip:127.0.0.1:5999;transport=udp\", registration: none }]");
        using var channel = GrpcChannel.ForAddress(bridge.GrpcAddress);
        var client = new ProvisioningService.ProvisioningServiceClient(channel);
        var request = new ImportProvisioningRequest { Format = ImportProvisioningRequest.Types.Format.Csv, Text = Table, Peer = "pbx", ValidateOnly = true };
        var told = await client.ImportProvisioningAsync(request, cancellationToken: cancel);
        Assert.Equal((Lines + Lines / 48, true, ""), (told.ChangeCount, told.YamlLeftOut, told.Yaml));
        Assert.InRange(told.CalculateSize(), 1, 4 << 20);
        request.ValidateOnly = false;
        var done = await client.ImportProvisioningAsync(request, cancellationToken: cancel);
        Assert.Equal((told.ChangeCount, 0), (done.ChangeCount, done.ProblemCount));
        Assert.InRange(done.CalculateSize(), 1, 4 << 20);

        // Whoever takes more is told more.
        using var large = GrpcChannel.ForAddress(bridge.GrpcAddress, new GrpcChannelOptions { MaxReceiveMessageSize = 64 << 20 });
        var taking = new ProvisioningService.ProvisioningServiceClient(large);
        var all = await taking.ExportProvisioningAsync(new ExportProvisioningRequest(), cancellationToken: cancel);
        Assert.InRange(all.Yaml.Length, (4 << 20) + 1, 64 << 20);
        var same = await client.ApplyProvisioningAsync(new ApplyProvisioningRequest { Yaml = all.Yaml, Prune = true, ValidateOnly = true }, cancellationToken: cancel);
        Assert.Equal(0, same.ChangeCount);
        var gone = new ApplyProvisioningRequest { Yaml = "peers: []", Prune = true, ValidateOnly = true, MaxAnswerBytes = 65_536 };
        var cut = await client.ApplyProvisioningAsync(gone, cancellationToken: cancel);
        Assert.Equal(told.ChangeCount, cut.ChangeCount);
        Assert.InRange(cut.CalculateSize(), 60_000, 65_536);
    }

    [Fact]
    public async Task Mistakes_without_number_are_told_as_far_as_metadata_goes_and_all_to_whoever_only_asks()
    {
        var cancel = Patience.Token;
        await using var bridge = await LiveBridge.StartAsync();
        using var channel = GrpcChannel.ForAddress(bridge.GrpcAddress);
        var client = new ProvisioningService.ProvisioningServiceClient(channel);
        var request = new ImportProvisioningRequest { Format = ImportProvisioningRequest.Types.Format.Csv, Text = Table[..Table.LastIndexOf("\n110000,", StringComparison.Ordinal)], Peer = "nowhere" };
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.ImportProvisioningAsync(request, cancellationToken: cancel));
        Assert.Equal(Grpc.Core.StatusCode.InvalidArgument, refused.StatusCode);
        var bytes = refused.Trailers.GetValueBytes("grpc-status-details-bin")!;
        Assert.InRange(bytes.Length, 4000, 6000);
        var fields = Google.Rpc.Status.Parser.ParseFrom(bytes).Details[1].Unpack<BadRequest>().FieldViolations;
        Assert.Equal($"and {10_000 - fields.Count + 1} more mistakes", fields[^1].Description);
        request.ValidateOnly = true;
        var told = await client.ImportProvisioningAsync(request, cancellationToken: cancel);
        Assert.Equal((10_000, 10_000), (told.ProblemCount, told.Problems.Count));
    }

    [Fact]
    public async Task What_is_larger_than_the_setting_says_is_refused_and_so_is_anything_large_elsewhere()
    {
        var cancel = Patience.Token;
        await using var bridge = await LiveBridge.StartAsync(null, null, null, "--Api:MaxRequestBytes=1048576");
        using var channel = GrpcChannel.ForAddress(bridge.GrpcAddress);
        var client = new ProvisioningService.ProvisioningServiceClient(channel);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.ImportProvisioningAsync(new ImportProvisioningRequest { Format = ImportProvisioningRequest.Types.Format.Csv, Text = Table }, cancellationToken: cancel));
        Assert.Equal(Grpc.Core.StatusCode.ResourceExhausted, refused.StatusCode);
        foreach (var (path, bytes) in ((string, int)[])[("/v1/provisioning:apply", 2 << 20), ("/v1/peers", 5 << 20)])
        {
            using var body = new StringContent($"{{\"yaml\":\"{new string('#', bytes)}\"}}", Encoding.UTF8, "application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body };
            // Without it the client would be told while it still sends, and may see the connection end only.
            request.Headers.ExpectContinue = true;
            using var answer = await bridge.Http.SendAsync(request, cancel);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
            Assert.Contains("REQUEST_TOO_LARGE", await answer.Content.ReadAsStringAsync(cancel), StringComparison.Ordinal);
        }
    }

    private static string Text()
    {
        var text = new StringBuilder("number,endpoint,domain\n");
        for (var i = 0; i < Lines; i++) text.Append(CultureInfo.InvariantCulture, $"{100_000 + i},aaln/{i % 48},bigg{i / 48}\n");
        return text.ToString();
    }
}
