using System.Text;

namespace MgcpSipBridge.Fuzz;

/// <summary>Datagrams of any size that readers take badly if they look at anything twice.</summary>
internal static class NastyShapes
{
    public static readonly (string Name, Func<int, byte[]> Make)[] All =
    [
        ("blanks", static n => Encoding.ASCII.GetBytes(new string(' ', n))),
        ("line ends", static n => Encoding.ASCII.GetBytes(new string('\n', n))),
        ("dots", static n => Encoding.ASCII.GetBytes(new string('.', n))),
        ("separators", static n => Fill("", ".\n", n)),
        ("piggyback bomb", static n => Fill("", "NTFY 1 *@gw1.example.net MGCP 1.0\nX: 0\nO:\n.\n", n)),
        ("NULs", static n => new byte[n]),
        ("headers", static n => Fill("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\n", "Y: 1\n", n)),
        ("response headers", static n => Fill("200 1 OK\n", "Z: aaln/1@gw1\n", n)),
        ("digit map", static n => Fill("RQNT 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nD: (", "1[2-4]x.T|", n)),
        ("observed events", static n => Fill("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: ", "D/1,", n)),
        ("open brackets", static n => Fill("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd", "(", n)),
        ("open quotes", static n => Fill("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nX: 1\nO: L/hd(", "\"(", n)),
        ("acknowledgements", static n => Fill("NTFY 1 aaln/1@gw1.example.net MGCP 1.0\nK: ", "1-999999999,", n)),
        ("long names", static n => Fill("NTFY 1 ", "a/", n)),
        ("body", static n => Fill("200 1 OK\nI: 1\n\nv=0\n", "a=b\n", n)),
    ];

    private static byte[] Fill(string begin, string piece, int length)
    {
        var text = new StringBuilder(begin, length + piece.Length);
        while (text.Length < length) text.Append(piece);
        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }
}
