using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MgcpSipBridge.Host.Tests;

/// <summary>A name server with a handful of records (RFC 1035 §4.1): what it does not have is NXDOMAIN.</summary>
internal sealed class TinyDns : IDisposable
{
    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly Dictionary<string, byte[][]> _records;
    private readonly int _seconds;

    /// <summary>Answers by <c>name/type</c> with record data, which hold for <paramref name="seconds"/>.</summary>
    public TinyDns(Dictionary<string, byte[][]> records, int seconds = 60)
    {
        (_records, _seconds) = (records, seconds);
        _ = AnswerAsync();
    }

    public IPEndPoint Address => (IPEndPoint)_socket.Client.LocalEndPoint!;

    /// <summary>Data of a SRV record (RFC 2782).</summary>
    public static byte[] Srv(int priority, int weight, int port, string target) => [.. Word(priority), .. Word(weight), .. Word(port), .. Name(target)];

    /// <summary>Data of a NAPTR record (RFC 3403 §4.1) that ends in a SRV look-up.</summary>
    public static byte[] Naptr(int order, int preference, string service, string replacement) =>
        [.. Word(order), .. Word(preference), .. Text("s"), .. Text(service), .. Text(""), .. Name(replacement)];

    public void Dispose() => _socket.Dispose();

    private static byte[] Word(int value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Name(string name) => name.Length == 0 ? [0] : [.. name.Split('.').SelectMany(Text), 0];

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                var question = await _socket.ReceiveAsync();
                await _socket.SendAsync(Answer(question.Buffer), question.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private byte[] Answer(byte[] question)
    {
        var labels = new List<string>();
        var at = 12;
        for (; question[at] != 0; at += question[at] + 1) labels.Add(Encoding.ASCII.GetString(question, at + 1, question[at]));
        var end = at + 5;
        var type = BinaryPrimitives.ReadUInt16BigEndian(question.AsSpan(at + 1));
        var records = _records.GetValueOrDefault($"{string.Join('.', labels)}/{type}", []);
        // QR and RD and RA; 3 is NXDOMAIN. The name of each record points at the question's.
        return
        [
            .. question[..2], .. Word(0x8180 | (records.Length == 0 ? 3 : 0)), .. Word(1), .. Word(records.Length), .. Word(0), .. Word(0), .. question[12..end],
            .. records.SelectMany(data => (byte[])[.. Word(0xC00C), .. Word(type), .. Word(1), .. Word(0), .. Word(_seconds), .. Word(data.Length), .. data]),
        ];
    }
}
