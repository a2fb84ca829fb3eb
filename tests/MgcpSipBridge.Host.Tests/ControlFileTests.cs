extern alias cli;

using System.Text;
using cli::MgcpSipBridge.Cli;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <summary>mgcpsipctl sends the text of files as it is meant, from a file as from standard input.</summary>
public sealed class ControlFileTests : IDisposable
{
    private const string Table = "number,displayName\n1001,Müller\n";

    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("utf-8", false)]
    [InlineData("utf-8", true)]
    [InlineData("utf-16", true)]
    [InlineData("utf-16BE", true)]
    [InlineData("utf-32", true)]
    public async Task A_mark_at_the_beginning_says_what_follows(string name, bool marked)
    {
        var encoding = Encoding.GetEncoding(name);
        byte[] bytes = [.. marked ? encoding.GetPreamble() : [], .. encoding.GetBytes(Table)];
        foreach (var typed in (bool[])[false, true])
        {
            Assert.Equal((0, Table, ""), await ImportAsync(bytes, typed));
            Assert.Equal((0, Table, ""), await ApplyAsync(bytes, typed));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_not_UTF_8_is_taken_for_Windows_1252_with_a_remark(bool typed)
    {
        var (code, sent, errors) = await ImportAsync(Encoding.Latin1.GetBytes(Table), typed);
        Assert.Equal((0, Table), (code, sent));
        Assert.Contains(": line 2 is not UTF-8: the file is read as Windows-1252;", errors, StringComparison.Ordinal);
        // Quotes that Latin-1 does not have.
        Assert.Equal("1,“a” €\n", (await ImportAsync([(byte)'1', (byte)',', 0x93, (byte)'a', 0x94, (byte)' ', 0x80, (byte)'\n'], typed)).Sent);
    }

    [Fact]
    public async Task Whoever_knows_the_encoding_says_it()
    {
        Assert.Equal((0, "1,Łódź\n", ""), await ImportAsync([(byte)'1', (byte)',', 0xA3, 0xF3, (byte)'d', 0xBC, (byte)'\n'], typed: false, "--encoding", "iso-8859-2"));
        var (code, _, errors) = await ImportAsync(Encoding.Latin1.GetBytes(Table), typed: false, "--encoding", "utf-8");
        Assert.Equal(2, code);
        Assert.EndsWith(": is not utf-8\n", errors, StringComparison.Ordinal);
        Assert.Contains("there is no \"klingon\"", (await ImportAsync([], typed: false, "--encoding", "klingon")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_read_without_loss_is_refused_by_its_line()
    {
        // A byte that means nothing in Windows-1252.
        var (code, sent, errors) = await ImportAsync([.. "a\nb\n"u8, 0x81, (byte)'\n'], typed: true);
        Assert.Equal((2, ""), (code, sent));
        Assert.StartsWith("standard input: line 3: is neither UTF-8 nor Windows-1252", errors, StringComparison.Ordinal);
        // lines.yaml is ours, and UTF-8.
        (code, sent, errors) = await ApplyAsync([.. "peers: []\n# "u8, 0xFC, (byte)'\n'], typed: false);
        Assert.Equal((2, ""), (code, sent));
        Assert.Equal($"{_file}: line 2: is not UTF-8\n", errors);
    }

    [Theory]
    [InlineData(2, 0, ImportRemark.Types.Outcome.Problem)]
    [InlineData(2, 0, ImportRemark.Types.Outcome.Problem, ImportRemark.Types.Outcome.Ignored)]
    [InlineData(0, 0, ImportRemark.Types.Outcome.Problem, ImportRemark.Types.Outcome.Mapped)]
    [InlineData(0, 1, ImportRemark.Types.Outcome.Problem)]
    [InlineData(0, 0, ImportRemark.Types.Outcome.Ignored)]
    public async Task A_file_in_which_nothing_can_be_used_is_told_as_such(int code, int changes, params ImportRemark.Types.Outcome[] outcomes)
    {
        var answer = new ImportProvisioningResponse();
        answer.Changes.Add(Enumerable.Range(0, changes).Select(static _ => new ProvisioningChange()));
        answer.Remarks.Add(outcomes.Select(static outcome => new ImportRemark { Outcome = outcome }));
        Assert.Equal(code, (await RunAsync([], typed: true, answer, static file => ["import", "csv", file])).Code);
    }

    [Fact]
    public async Task A_password_is_the_first_line_that_is_typed_and_no_more()
    {
        await using var bridge = await ScriptedBridge.StartAsync(context => ScriptedBridge.AnswerAsync(context, new Peer()));
        using var typed = new MemoryStream([.. Encoding.UTF8.Preamble, .. "s3cret\r\nnot this"u8]);
        using var said = new StringWriter();
        Assert.Equal(0, await Commands.RunUntilAsync(["peers", "create", "pbx", "password=@-", "--server", bridge.Address], typed, said, said, Patience.Token));
        Assert.Equal("s3cret", CreatePeerRequest.Parser.ParseFrom(bridge.Requests[0]).Peer.Password);
        Assert.Equal("not this", new StreamReader(typed).ReadToEnd());
    }

    private async Task<(int Code, string Sent, string Errors)> ImportAsync(byte[] bytes, bool typed, params string[] more)
    {
        var (code, request, errors) = await RunAsync(bytes, typed, new ImportProvisioningResponse(), file => ["import", "csv", file, .. more]);
        return (code, request is null ? "" : ImportProvisioningRequest.Parser.ParseFrom(request).Text, errors);
    }

    private async Task<(int Code, string Sent, string Errors)> ApplyAsync(byte[] bytes, bool typed)
    {
        var (code, request, errors) = await RunAsync(bytes, typed, new ApplyProvisioningResponse(), file => ["apply", "-f", file]);
        return (code, request is null ? "" : ApplyProvisioningRequest.Parser.ParseFrom(request).Yaml, errors);
    }

    private async Task<(int Code, byte[]? Request, string Errors)> RunAsync(byte[] bytes, bool typed, Google.Protobuf.IMessage answer, Func<string, string[]> words)
    {
        await using var bridge = await ScriptedBridge.StartAsync(context => ScriptedBridge.AnswerAsync(context, answer));
        await File.WriteAllBytesAsync(_file, bytes, Patience.Token);
        using var input = new MemoryStream(typed ? bytes : []);
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await Commands.RunUntilAsync([.. words(typed ? "-" : _file), "--server", bridge.Address], input, output, errors, Patience.Token);
        return (code, bridge.Requests.FirstOrDefault(), errors.ToString());
    }
}
