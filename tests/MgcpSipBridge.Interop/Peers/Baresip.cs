using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Interop;

/// <summary>baresip, a softphone, on an address of its own and remote-controlled over TCP. What it hears it says again (its module aubridge).</summary>
internal sealed class Baresip : IAsyncDisposable
{
    private const int Control = 4444;
    private readonly ExternalProgram _program;
    private readonly TemporaryFolder _folder;
    private readonly TcpClient _control = new();
    private readonly ConcurrentQueue<JsonElement> _events = new();
    private readonly SemaphoreSlim _answered = new(0);
    private Task _reading = Task.CompletedTask;

    private Baresip(ExternalProgram program, TemporaryFolder folder) => (_program, _folder) = (program, folder);

    public static void Require() => ExternalProgram.Require("baresip", "baresip-core");

    /// <summary>Starts it.</summary>
    /// <param name="host">Where it listens: UDP and TCP 5060, TLS 5061.</param>
    /// <param name="account">Its account, as its file has it.</param>
    /// <param name="authority">Signs its certificate, and those that it trusts.</param>
    /// <param name="tone">What it says, in Hz, for as long as a test may take; null for what it hears. (That dies with a hold: the module does not wake up again.)</param>
    public static async Task<Baresip> Start(LoopbackHost host, string account, Authority authority, int? tone = null)
    {
        var folder = new TemporaryFolder();
        var source = tone is { } frequency ? $"aufile,{folder.Write("tone.wav", Wave(frequency))}" : "aubridge,one";
        folder.Write("accounts", account + "\n");
        folder.Write("config", $"""
            sip_listen {host}:5060
            sip_certificate {authority.Issue(host).Both}
            sip_cafile {authority.Root}
            audio_player aubridge,one
            audio_source {source}
            audio_alert aubridge,two
            rtp_ports 10000-15999
            ctrl_tcp_listen {host}:{Control}
            module_path /usr/lib/baresip/modules
            module g711.so
            module srtp.so
            module aubridge.so
            module aufile.so
            module_tmp account.so
            module_app menu.so
            module_app ctrl_tcp.so

            """);
        var program = ExternalProgram.Start("baresip", folder.Path, "-f", folder.Path, "-n", host.ToString(), "-v");
        var baresip = new Baresip(program, folder);
        try
        {
            await program.Line("baresip is ready", Bench.Patience);
            await baresip._control.ConnectAsync(host.Address, Control);
            baresip._reading = Task.Run(baresip.ReadAsync);
            return baresip;
        }
        catch
        {
            await baresip.DisposeAsync();
            throw;
        }
    }

    /// <summary>Keys that the other side pressed, by RFC 4733 or INFO, in order.</summary>
    public string KeysHeard => string.Concat(_events.Where(e => Type(e) == "CALL_DTMF_START").Select(e => e.GetProperty("param").GetString()));

    /// <summary>What it has written.</summary>
    public string Said => _program.Said;

    /// <summary>A command of its menu: dial, accept, hangup, hold, resume, sndcode…</summary>
    public async Task Does(string command, string parameters = "")
    {
        var message = JsonSerializer.SerializeToUtf8Bytes(new { command, @params = parameters, token = "t" });
        byte[] netstring = [.. Encoding.ASCII.GetBytes($"{message.Length}:"), .. message, (byte)','];
        await _control.GetStream().WriteAsync(netstring, TestContext.Current.CancellationToken);
        Assert.True(await _answered.WaitAsync(Bench.Patience, TestContext.Current.CancellationToken), $"baresip does not {command}:\n{_program.Said}");
    }

    /// <summary>Waits until its registrar has taken it.</summary>
    public Task Registers() => Until("registration", () => _program.Lines.Any(l => l.Contains("[1 binding]", StringComparison.Ordinal)));

    /// <summary>Waits until it told of so many events of a type.</summary>
    public Task Tells(string type, int count = 1) => Until(type, () => _events.Count(e => Type(e) == type) >= count);

    /// <summary>Waits until something holds of it.</summary>
    public async Task Until(string what, Func<bool> condition)
    {
        for (var waited = TimeSpan.Zero; waited < Bench.Patience; waited += TimeSpan.FromMilliseconds(20))
        {
            if (condition()) return;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"baresip: {what} did not come.\n{string.Join('\n', _events)}\n{_program.Said}");
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        _control.Dispose();
        await _reading;
        _answered.Dispose();
        _folder.Dispose();
    }

    /// <summary>A minute of a tone as a WAV file: 16 bits, 8000 Hz, one channel.</summary>
    private static byte[] Wave(int tone)
    {
        var samples = new short[60 * 8000];
        new ToneGenerator(Tone.Of(tone)).Fill(samples);
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write("RIFF"u8);
        writer.Write(36 + (2 * samples.Length));
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1);
        writer.Write((short)1);
        writer.Write(8000);
        writer.Write(16_000);
        writer.Write((short)2);
        writer.Write((short)16);
        writer.Write("data"u8);
        writer.Write(2 * samples.Length);
        writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(samples.AsSpan()));
        writer.Flush();
        return file.ToArray();
    }

    private static string? Type(JsonElement told) => told.TryGetProperty("type", out var type) ? type.GetString() : null;

    // Netstrings: length, colon, JSON, comma.
    private async Task ReadAsync()
    {
        var (buffer, filled) = (new byte[65_536], 0);
        try
        {
            while (await _control.GetStream().ReadAsync(buffer.AsMemory(filled)) is var read and > 0)
            {
                filled += read;
                while (Array.IndexOf(buffer, (byte)':', 0, filled) is var colon and > 0
                    && int.Parse(buffer.AsSpan(0, colon), CultureInfo.InvariantCulture) is var length && filled >= colon + length + 2)
                {
                    using var told = JsonDocument.Parse(buffer.AsMemory(colon + 1, length));
                    if (told.RootElement.TryGetProperty("response", out _)) _answered.Release();
                    else _events.Enqueue(told.RootElement.Clone());
                    var taken = colon + length + 2;
                    buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
                    filled -= taken;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It has ended, or the test has.
        }
    }
}
