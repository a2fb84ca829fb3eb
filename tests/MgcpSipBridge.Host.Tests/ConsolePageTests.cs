using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using MgcpSipBridge.Host.WebConsole;

namespace MgcpSipBridge.Host.Tests;

/// <summary>How the console page is served, and that its files keep to what its security policy demands.</summary>
public sealed partial class ConsolePageTests : IAsyncLifetime
{
    private static readonly string[] Names =
        [.. typeof(ConsolePage).Assembly.GetManifestResourceNames().Where(n => n.StartsWith("console/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private Running _bridge = null!;

    public async ValueTask InitializeAsync() => _bridge = await Running.StartAsync();

    public ValueTask DisposeAsync() => _bridge.DisposeAsync();

    [Fact]
    public async Task The_page_is_served_with_a_policy_that_lets_nothing_in_from_elsewhere()
    {
        using var answer = await AskAsync("/");
        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("require-trusted-types-for 'script'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal(["no-referrer"], answer.Headers.GetValues("Referrer-Policy"));
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task A_file_is_not_sent_again_to_whoever_has_it()
    {
        using var first = await AskAsync("/console/main.js");
        Assert.Equal("text/javascript; charset=utf-8", first.Content.Headers.ContentType!.ToString());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/console/main.js");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await _bridge.Http.SendAsync(request, Patience.Token);
        Assert.Equal((HttpStatusCode.NotModified, 0L), (second.StatusCode, second.Content.Headers.ContentLength ?? 0));
    }

    [Fact]
    public async Task A_file_is_packed_for_whoever_can_unpack_it()
    {
        using var plain = await AskAsync("/console/console.css");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/console/console.css");
        request.Headers.AcceptEncoding.ParseAdd("gzip");
        using var packed = await _bridge.Http.SendAsync(request, Patience.Token);
        Assert.Equal(["gzip"], packed.Content.Headers.ContentEncoding);
        using var unpacked = new StreamReader(new GZipStream(await packed.Content.ReadAsStreamAsync(Patience.Token), CompressionMode.Decompress));
        Assert.Equal(await plain.Content.ReadAsStringAsync(Patience.Token), await unpacked.ReadToEndAsync(Patience.Token));
    }

    [Theory]
    [InlineData("/console/nothing.js")]
    [InlineData("/console/../appsettings.json")]
    [InlineData("/console/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/console/")]
    public async Task What_is_not_there_is_not_found(string path)
    {
        using var answer = await AskAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Every_file_that_is_named_is_there()
    {
        foreach (var name in Names)
        {
            var text = await ReadAsync(name);
            foreach (Match match in Imported().Matches(text))
            {
                var path = new Uri(new Uri("http://x/" + name), match.Groups[1].Value).AbsolutePath[1..];
                Assert.Contains(path, Names);
            }

            foreach (Match match in Linked().Matches(name.EndsWith(".html", StringComparison.Ordinal) ? text : "")) Assert.Contains(match.Groups[1].Value, Names);
        }
    }

    [Fact]
    public async Task No_text_becomes_markup_and_nothing_is_asked_of_others()
    {
        foreach (var name in Names)
        {
            var text = await ReadAsync(name);
            if (!name.EndsWith(".svg", StringComparison.Ordinal)) Assert.DoesNotMatch(Elsewhere(), text.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal));
            if (name.EndsWith(".js", StringComparison.Ordinal)) Assert.DoesNotMatch(Dangerous(), text);
            if (name.EndsWith(".html", StringComparison.Ordinal)) Assert.DoesNotMatch(Inline(), text);
        }
    }

    private Task<HttpResponseMessage> AskAsync(string path) => _bridge.Http.GetAsync(new Uri(path, UriKind.Relative), Patience.Token);

    private static async Task<string> ReadAsync(string name)
    {
        using var reader = new StreamReader(typeof(ConsolePage).Assembly.GetManifestResourceStream(name)!);
        return await reader.ReadToEndAsync(Patience.Token);
    }

    [GeneratedRegex("""from '(\.[^']+)'""")]
    private static partial Regex Imported();

    [GeneratedRegex("""(?:href|src)="(console/[^"]+)""")]
    private static partial Regex Linked();

    [GeneratedRegex("""https?://|@import|url\(""")]
    private static partial Regex Elsewhere();

    [GeneratedRegex("""innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|setHTMLUnsafe|srcdoc|document\.cookie""")]
    private static partial Regex Dangerous();

    [GeneratedRegex("""<script>|<style|\sstyle=|\son[a-z]+=""")]
    private static partial Regex Inline();
}
