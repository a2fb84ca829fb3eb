using System.Text;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Provisioning.Import;

namespace MgcpSipBridge.Fuzz;

/// <summary>
/// The readers of other systems' files: whatever the text, there is a report and no more of it than there may be, every name is there once, and what it comes to can be written down
/// without a password in it.
/// </summary>
internal sealed class ImportReaders : ITarget
{
    private const string Secret = "S3cr3t-of-nobody";
    private static readonly ImportDefaults Plain = new("pbx", new Dictionary<string, string>());

    public string Name => "import";

    public void Run(ReadOnlySpan<byte> input)
    {
        var text = Encoding.UTF8.GetString(input);
        Check(AsteriskImport.Read(text, Plain), text.Length);
        Check(CsvImport.Read(text, Plain, cucm: false), text.Length);
        Check(CsvImport.Read(text, Plain, cucm: true), text.Length);
        // As who imports maps it: each column something else than it says.
        var columns = text.AsSpan(0, Math.Max(0, text.AsSpan().IndexOfAny('\r', '\n'))).ToString().Split(',', ';', '\t');
        var mapping = new Dictionary<string, string>();
        for (var i = 0; i < Math.Min(columns.Length, CsvColumns.Fields.Count); i++) mapping[CsvColumns.Fields[^(i + 1)]] = columns[i];
        mapping["number"] = columns[0];
        Check(CsvImport.Read(text, new ImportDefaults("", mapping), cucm: false), text.Length);
    }

    private static void Check(ImportReport report, int length)
    {
        if (report.Remarks.Count > ImportReport.MostRemarks) throw new InvalidOperationException("More remarks than are kept.");
        if (report.Resources.Count > Math.Min(ImportReport.MostResources + 1, (2 * length) + 2)) throw new InvalidOperationException("More resources than the text can have.");
        if (report.Resources.Count != report.Resources.Select(static r => r.Key).Distinct().Count()) throw new InvalidOperationException("A resource is there twice.");
        var yaml = ProvisioningText.Write(report.Resources);
        if (yaml.Contains(Secret, StringComparison.Ordinal) && !report.Resources.Any(static r => r.Body.Any(static f => f.Key != "password" && f.Value?.ToString().Contains(Secret, StringComparison.Ordinal) == true)))
            throw new InvalidOperationException("A password is shown.");
    }
}

/// <summary>Tables and configurations that hurt who looks at anything twice. Their length is about what is asked for, in characters.</summary>
internal static class ImportShapes
{
    private const string Header = "gateway,domain,endpoint,number,displayName,password\n";

    public static readonly (string Name, Action<string> Read, Func<int, string> Make)[] All =
    [
        ("gateways alike", Csv, static n => Rows(n, Header, static i => $"gw,d{i},aaln/1,{i},,\n")),
        ("lines alike", Csv, static n => Rows(n, Header, static i => $"gw,d,aaln/{i},{i},,\n")),
        ("numbers alike", Csv, static n => Rows(n, Header, static i => $"gw,d,aaln/{i},1,,\n")),
        ("quotes", Csv, static n => Rows(n, Header, static _ => "\"\"\"\"\"\",")),
        ("columns", Csv, static n => Rows(n, "", static i => $"c{i},")),
        ("columns alike", Csv, static n => Rows(n, "", static _ => "number,")),
        ("empty rows", Csv, static n => Rows(n, Header, static _ => "\r\n")),
        ("separators", Csv, static n => Rows(n, Header, static _ => ",")),
        ("sections", Conf, static n => Rows(n, "", static i => $"[g{i}]\ncallerid={i}\nline => aaln/1\n")),
        ("sections alike", Conf, static n => Rows(n, "", static _ => "[g]\nhost=dynamic\n")),
        ("names alike", Conf, static n => Rows(n, "", static i => $"[{new string('-', i % 50)}]\n")),
        ("templates", Conf, static n => Rows(n, "[t](!)\ntransfer=yes\n", static i => $"[g{i}](t)\n")),
        ("doubling", Conf, static n => Rows(n, "[t]\ntransfer=yes\n", static _ => "[t](t,+)\n")),
        ("comments", Conf, static n => Rows(n, "[g]\n", static _ => ";-- --; ;")),
        ("settings", Conf, static n => Rows(n, "[g]\n", static i => $"setvar=x{i}\ncallerid={i}\nline => aaln/{i}\n")),
    ];

    private static void Csv(string text) => CsvImport.Read(text, new ImportDefaults("pbx", new Dictionary<string, string>()), cucm: true);

    private static void Conf(string text) => AsteriskImport.Read(text, new ImportDefaults("pbx", new Dictionary<string, string>()));

    private static string Rows(int length, string begin, Func<int, string> row)
    {
        var text = new StringBuilder(begin, length + 100);
        for (var i = 0; text.Length < length; i++) text.Append(row(i));
        return text.ToString();
    }
}
