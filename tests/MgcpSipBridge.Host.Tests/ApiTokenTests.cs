using System.Collections;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace MgcpSipBridge.Host.Tests;

public sealed class ApiTokenTests : IDisposable
{
    private const string Good = "a-token-of-twenty-letters";
    private readonly string _folder = Directory.CreateTempSubdirectory("mgcp-sip-bridge-tokens").FullName;
    private readonly Loading _loading = new();

    public void Dispose()
    {
        _loading.Dispose();
        Directory.Delete(_folder, true);
    }

    [Theory]
    [InlineData("robot operator env:ROBOT", null)]
    [InlineData("robot OPERATOR env:ROBOT until=2030-01-31", null)]
    [InlineData("robot operator env:NONE", "environment variable NONE is not set")]
    [InlineData("robot operator env:SHORT", "does not hold a token")]
    [InlineData("robot operator env:WORDS", "does not hold a token")]
    [InlineData("robot operator file:/nowhere/token", "cannot be read")]
    [InlineData("robot operator sha256/AAAA", "sha256/ is not followed by 32 bytes")]
    [InlineData("robot operator my-clear-secret-of-24-letters", "a token itself does not belong into the settings")]
    [InlineData("robot everybody env:ROBOT", "is not NAME ROLE SECRET")]
    [InlineData("robot operator file:", "cannot be read")]
    [InlineData("robot 3 env:ROBOT", "is not NAME ROLE SECRET")]
    [InlineData("robot +3 env:ROBOT", "is not NAME ROLE SECRET")]
    [InlineData("robot viewer,operator env:ROBOT", "is not NAME ROLE SECRET")]
    [InlineData("my-clear-secret-of-24-letters", "is not NAME ROLE SECRET")]
    [InlineData("robot operator env:ROBOT until=tomorrow", "is not until=YYYY-MM-DD")]
    public void A_token_is_taken_or_its_mistake_is_named_without_it(string text, string? problem)
    {
        var environment = new Hashtable { ["ROBOT"] = Good, ["SHORT"] = "short", ["WORDS"] = Good + " " + Good };
        var problems = _loading.Problems(arguments: [$"--Api:Tokens:0={text}"], environment: environment);
        if (problem is null) Assert.Empty(problems);
        else Assert.Contains("Api:Tokens:0: ", Assert.Single(problems, p => p.Contains(problem, StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.DoesNotContain(problems, p => p.Contains("my-clear", StringComparison.Ordinal) || p.Contains(Good, StringComparison.Ordinal));
    }

    [Fact]
    public void A_made_token_is_found_by_itself_alone()
    {
        var (token, setting) = ApiToken.Make("grafana", ApiRole.Viewer);
        var book = Book(new ApiSection { Tokens = [setting, $"robot admin file:{File("t", Good + "\n")}"] });
        Assert.Equal(("grafana", ApiRole.Viewer), (book.Find(token)!.Name, book.Find(token)!.Role));
        Assert.Equal("robot", book.Find(Good)!.Name);
        Assert.Null(book.Find(token + "x"));
        Assert.Null(book.Find(""));
        Assert.DoesNotContain(token, setting, StringComparison.Ordinal);
        Assert.True(token.Length > 40);
    }

    [Fact]
    public void A_file_of_tokens_is_read_again_and_a_bad_line_leaves_what_its_name_had()
    {
        var (first, second) = (ApiToken.Make("a", ApiRole.Viewer), ApiToken.Make("b", ApiRole.Admin));
        var file = File("tokens", $"# who may\n{first.Setting}   # the first\n\n");
        var book = Book(new ApiSection { TokensFile = file });
        Assert.NotNull(book.Find(first.Token));
        System.IO.File.WriteAllText(file, second.Setting);
        book.Refresh();
        Assert.Null(book.Find(first.Token));
        Assert.Equal(ApiRole.Admin, book.Find(second.Token)!.Role);
        foreach (var bad in (string[])["b", "b admn sha256/x", "b admin file:", "b admin file:/nowhere/token"])
        {
            System.IO.File.WriteAllText(file, bad);
            book.Refresh();
            Assert.NotNull(book.Find(second.Token));
            Assert.Contains($"{file}:1: ", book.Problem, StringComparison.Ordinal);
        }

        // Whose line is gone is out, and whose line is new is in, whatever is wrong with others.
        System.IO.File.WriteAllText(file, $"nonsense\n{first.Setting}");
        book.Refresh();
        Assert.Null(book.Find(second.Token));
        Assert.NotNull(book.Find(first.Token));
        Assert.NotNull(book.Problem);
        System.IO.File.Delete(file);
        book.Refresh();
        Assert.NotNull(book.Find(first.Token));
        Assert.NotNull(book.Problem);
        System.IO.File.WriteAllText(file, "");
        book.Refresh();
        Assert.Null(book.Find(first.Token));
        Assert.Null(book.Problem);
        // Nobody is let in rather than everybody.
        Assert.True(book.Guards);
    }

    [Fact]
    public async Task A_wrong_line_is_an_alarm_until_it_is_mended()
    {
        var (mine, gone) = (ApiToken.Make("a", ApiRole.Viewer), ApiToken.Make("b", ApiRole.Viewer));
        var file = File("tokens", $"{mine.Setting}\n{gone.Setting}\n");
        await using var bridge = await Running.StartAsync(null, $"--Api:TokensFile={file}");
        bridge.Server.Guard.Refresh();
        Assert.DoesNotContain(bridge.Server.Alarms, a => a.Name == "API_TOKENS_REFUSED");
        await System.IO.File.WriteAllTextAsync(file, "a viewer sha256/typo\n", Patience.Token);
        bridge.Server.Guard.Refresh();
        Assert.Contains(bridge.Server.Alarms, a => a.Name == "API_TOKENS_REFUSED" && a.Detail.Contains($"{file}:1: ", StringComparison.Ordinal));
        Assert.Equal(System.Net.HttpStatusCode.OK, await AskAsync(mine.Token));
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, await AskAsync(gone.Token));
        await System.IO.File.WriteAllTextAsync(file, mine.Setting, Patience.Token);
        bridge.Server.Guard.Refresh();
        Assert.DoesNotContain(bridge.Server.Alarms, a => a.Name == "API_TOKENS_REFUSED");

        async Task<System.Net.HttpStatusCode> AskAsync(string token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/status") { Headers = { Authorization = new("Bearer", token) } };
            using var answer = await bridge.Http.SendAsync(request, Patience.Token);
            return answer.StatusCode;
        }
    }

    [Fact]
    public void A_token_that_cannot_be_read_lets_nobody_in_rather_than_everybody()
    {
        var book = Book(new ApiSection { Tokens = [$"robot operator file:{Path.Combine(_folder, "gone")}"] });
        Assert.Null(book.Find(Good));
        Assert.True(book.Guards);
        Assert.False(Book(new ApiSection()).Guards);
    }

    [Fact]
    public void Mistakes_in_the_file_are_named_with_their_lines()
    {
        var file = File("tokens", "# x\nnonsense\nrobot viewer sha256/x\n");
        var problems = _loading.Problems(arguments: [$"--Api:TokensFile={file}"]);
        Assert.Contains(problems, p => p.Contains("tokens:2: is not NAME", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Contains("tokens:3: sha256/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("2026-05-01", "2026-05-01T23:59:00Z", null)]
    [InlineData("2026-05-01", "2026-05-02T00:00:00Z", ApiRefusal.TokenExpired)]
    public void A_token_is_taken_on_its_last_day_and_not_after_it(string until, string now, object? refusal)
    {
        var (token, setting) = ApiToken.Make("a", ApiRole.Viewer);
        var settings = new ApiSection { Tokens = [$"{setting} until={until}"] };
        var model = _loading.Load().Bridge!.Api;
        var access = new ApiAccess(model, settings, Book(settings), new StoppedClock(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture)));
        var context = new Microsoft.AspNetCore.Http.DefaultHttpContext();
        context.Request.Headers.Authorization = "bearer " + token;
        Assert.Equal((ApiRefusal?)refusal, access.Identify(context).Refusal);
    }

    [Theory]
    [InlineData("localhost:8080", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]:8080", true)]
    [InlineData("attacker.example", false)]
    public async Task Without_tokens_only_this_machine_is_a_host(string host, bool taken)
    {
        await using var bridge = await Running.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/status", UriKind.Relative));
        request.Headers.Host = host;
        using var answer = await bridge.Http.SendAsync(request, Patience.Token);
        Assert.Equal(taken ? System.Net.HttpStatusCode.OK : System.Net.HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Theory]
    [InlineData("--Api:Http=http://0.0.0.0:8080", "nobody would have to show who he is")]
    [InlineData("--Api:Grpc=http://[::]:8081", "nobody would have to show who he is")]
    [InlineData("--Api:Http=http://10.0.0.5:8080 --Api:Tokens:0=a viewer env:GOOD", "tokens would be sent in the clear")]
    [InlineData("--Api:Http=http://10.0.0.5:8080 --Api:AllowInsecure=true", null)]
    [InlineData("--Api:Http=http://127.9.9.9:8080 --Api:Grpc=http://[::1]:8081", null)]
    [InlineData("--Api:Http=https://127.0.0.1:8443", "Api:Tls:Certificate: is missing")]
    [InlineData("--Api:Tls:Clients:0=ops operator", "Api:Tls:ClientTrust: is missing")]
    [InlineData("--Api:Tls:ClientTrust=x.pem", "has no effect")]
    [InlineData("--Api:Tls:RequireClientCertificate=true", "Api:Tls:ClientTrust: is missing")]
    [InlineData("--Api:Tls:Clients:0=ops", "is not NAME ROLE")]
    [InlineData("--Api:Tls:RevocationList=crl.pem", "Api:Tls:RevocationList is about certificates")]
    [InlineData("--Api:Tls:Clients:0=ops viewer,operator", "is not NAME ROLE")]
    [InlineData("--Api:Tls:Clients:0=ops +3", "is not NAME ROLE")]
    public void Nobody_is_let_in_from_outside_by_oversight(string arguments, string? problem)
    {
        var problems = _loading.Problems(arguments: [.. arguments.Split(" --").Select(a => a.StartsWith("--", StringComparison.Ordinal) ? a : "--" + a)], environment: new Hashtable { ["GOOD"] = Good });
        if (problem is null) Assert.Empty(problems);
        else Assert.Contains(problems, p => p.Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_verb_makes_a_token_that_the_settings_take()
    {
        using var said = new StringWriter();
        Assert.Equal(0, await Verbs.BridgeCommands.RunAsync(["token", "grafana", "viewer"], said, said));
        var setting = said.ToString().Split('"')[1];
        Assert.Empty(_loading.Problems(arguments: [$"--Api:Tokens:0={setting}"]));
        foreach (var role in (string[])["king", "viewer,operator", "+3", ""])
            Assert.Equal(2, await Verbs.BridgeCommands.RunAsync(["token", "grafana", role], said, said));
    }

    private static TokenBook Book(ApiSection settings) => new(settings, _ => null, NullLogger.Instance);

    private string File(string name, string text)
    {
        var file = Path.Combine(_folder, name);
        System.IO.File.WriteAllText(file, text);
        return file;
    }

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
