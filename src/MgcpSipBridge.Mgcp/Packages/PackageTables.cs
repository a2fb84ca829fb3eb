using System.Collections.Frozen;

namespace MgcpSipBridge.Mgcp;

/// <summary>
/// The packages' tables. One word per line of a table: <c>name|name:detection=signal/time-out</c>, with the RFCs' letters (x, C, S, P; BR, OO, TO, and C after
/// a comma for signals on connections), <c>?</c> for a signal without a type, <c>inf</c> for no end.
/// </summary>
internal static class PackageTables
{
    /// <summary>PackageCable NCS's line package: not of an RFC, so by what its gateways do; time-outs are RFC 5098's defaults.</summary>
    public const string NcsLine =
        "0|1|2|3|4|5|6|7|8|9|*|#|A|B|C|D:x=BR L|T|X:x bz=TO/30s cf=BR cg=TO/inf ci=BR dl=TO/16s ft|mt:x hd|hu:PS hf:P ld|ma:C mwi=TO/16s oc|of:x osi=TO/900ms "
        + "ot=TO/inf rg|r0|r1|r2|r3|r4|r5|r6|r7=TO/180s ro=TO/30s rs=BR rt=TO,C/180s sl=TO/16s TDD:x vmwi=OO wt1|wt2|wt3|wt4=BR";

    private const string Line =
        "adsi=BR aw:x=OO bz=TO/30s ci=BR dl=TO/16s e:x=TO/2s hd|hu:S hf:x ht=OO lsa=OO mwi=TO/16s nbz:x=TO/inf oc|of:x osi=TO/900ms ot=TO/inf p:x=BR "
        + "rg|r0|r1|r2|r3|r4|r5|r6|r7=TO/180s ro=TO/30s rs=BR s:x=BR sit=TO/2s sl=TO/16s v=OO vmwi=OO wt|wt1|wt2|wt3|wt4=TO/12s y=TO/inf z=BR";

    private const string OldLine =
        "adsi=BR vmwi=OO hd|hu|hf:x aw:x=OO bz=TO/30s ci=BR wt=TO/30s wt1|wt2|wt3|wt4=? dl=TO/16s mwi=TO/16s nbz:x=OO ro=TO/30s "
        + "rg|r0|r1|r2|r3|r4|r5|r6|r7=TO/180s rs=BR p|e:x=BR sl=TO/16s v|y=OO sit=? z=OO oc|of:x ot=TO/inf s:x=BR";

    private const string Handset =
        "adsi|ci:x=BR aw:x=OO bz:x=TO/30s dl:x=TO/16s e:x=TO/2s hd|hu:S=BR hf:x=BR ht|lsa:x=OO mwi:x=TO/16s nbz:x=TO/inf oc|of:x osi:x=TO/900ms ot:x=TO/inf p:x=BR "
        + "rg|r0|r1|r2|r3|r4|r5|r6|r7:x=TO/180s ro:x=TO/30s rs|s:x=BR sit:x=TO/2s sl:x=TO/16s v|vmwi:x=OO wt|wt1|wt2|wt3|wt4:x=TO/12s y:x=TO/inf z:x=BR";

    private const string OldHandset =
        "adsi:x=BR tdd|vmwi=? hd|hu:x=OO hf:x=BR aw|bz:x=OO wt:x=TO/30s dl:x=TO/120s nbz:x=OO rg|r0|r1|r2|r3|r4|r5|r6|r7:x=TO/30s p|e:x=BR sdl:x=TO/16s "
        + "v|y|z|ot:x=OO t:x oc|of:x s:x=BR";

    private const string Digits = "0|1|2|3|4|5|6|7|8|9|#|*|A|B|C|D:x=BR ";

    private const string Trunk = "ans:P=BR bl:S=BR bz=TO/30s oc|of:x rel|res|sus:P=BR rlc:PS=BR ro=TO/30s rt=TO/180s sup:PS=TO ";

    /// <summary>Name, version, table: of RFC 3660, 2705 (version 0 beside a version 1), 3064, 5347 and 3435 Appendix B.</summary>
    public static readonly (string Name, int Version, string Table)[] All =
    [
        ("L", 1, Line),
        ("L", 0, OldLine),
        ("H", 1, Handset),
        ("H", 0, OldHandset),
        ("D", 1, Digits + "DD:x=TO/3s DO=OO L|X|oc|of:x T:x=TO/16s"),
        ("D", 0, Digits + "L:x/2s X|of:x T:x/4s"),
        ("G", 1, "cf=BR cg|it|pt=TO/inf ft|mt|oc|of:x ld:C pat:x=OO rbk|rt=TO,C/180s"),
        ("G", 0, "mt|ft|ld|of:x pat:x=OO rt|cg=TO rbk=TO/180s cf=BR it|pt=OO"),
        ("T", 1, "as:x=BR bl=BR bz=TO/30s co1|co2|nm|mm|om|tp:x=TO/3s ct|lb=OO oc|of:x pst|qt=TO/inf ro:x=TO/30s sit|zz:x=TO/2s tl:x=TO/inf"),
        ("T", 0, "co1|co2|om|nm|tl|zz|as:x=OO lb|bl=OO ro:x=TO/30s of:x"),
        ("R", 1, "co1|co2:C=TO,C/3s iu|ji|ma|pl|qa|rto|sr|uc:C oc|of:x"),
        ("R", 0, "UC|SR|JI|PL|qa|of:x co1|co2:x=OO"),
        ("A", 1, "ann=TO,C oc|of:x"),
        ("A", 0, "ann=TO oc|of:x"),
        ("M", 0, "0|1|2|3|4|5|6|7|8|9|K0|K1|K2|S0|S1|S2|S3|wk|wko:x=BR X|of:x T:x/4s is|rs|us:x=OO"),
        ("SST", 0, "cd|cj|pr|pt=BR cm|ni|nu=TO/inf cw=TO/30s ht=OO oc|of:x"),
        ("SL", 0, "oc|of:x s=TO"),
        ("RES", 0, "re|rl:C"),
        ("Script", 1, "ir:x=BR java|perl|tcl|vxml|xml=TO oc|of:x"),
        ("FXR", 0, "gwfax|nopfax|t38:x"),
        ("B", 0, "enf|oef|qbo:x"),
        ("MS", 0, Trunk + "inf:x"),
        ("DT", 0, Trunk + "dl=TO/16s"),
        ("MD", 0, Trunk + "awk:P=BR cwk=BR inf:x=TO swk:x"),
        ("MO", 0, "ans:P oc|of|orbk|swk:x rbz:PS rcl|res|sus=BR rel:P=BR rlc:PS=BR sup=TO"),
        ("BL", 0, "bz=TO/30s dl=TO/16s hd|hu:PS hf:P oc|of:x rel=BR rg=TO/180s ro=TO/30s rt=TO,C/180s"),
        ("DO", 0, "ci|oc|of:x hd|hf|hu=BR rel:P rg|rlc:PS sup=TO"),
    ];

    /// <summary>Reads a table.</summary>
    public static FrozenDictionary<string, PackageSymbol> Read(string package, int version, string table)
    {
        Dictionary<string, PackageSymbol> symbols = new(StringComparer.OrdinalIgnoreCase);
        foreach (var word in table.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var (rest, time) = Cut(word, '/');
            (rest, var signal) = Cut(rest, '=');
            var (names, detected) = Cut(rest, ':');
            var (kind, connection) = Cut(signal, ',');
            foreach (var name in names.Split('|')) symbols.Add(name, new PackageSymbol(package, version, name, Detected(detected), Kind(kind), TimeOut(time), connection == "C"));
        }

        return symbols.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    private static (string Head, string Tail) Cut(string text, char at)
    {
        var found = text.IndexOf(at, StringComparison.Ordinal);
        return found < 0 ? (text, "") : (text[..found], text[(found + 1)..]);
    }

    private static Detection Detected(string letters)
    {
        var detection = Detection.None;
        foreach (var letter in letters)
        {
            detection |= letter switch
            {
                'C' => Detection.OnConnection,
                'S' => Detection.State,
                'P' => Detection.Persistent,
                _ => Detection.Event,
            };
        }

        return detection;
    }

    private static SignalKind Kind(string letters) => letters switch
    {
        "BR" => SignalKind.Brief,
        "OO" => SignalKind.OnOff,
        "TO" => SignalKind.TimeOut,
        "?" => SignalKind.Untyped,
        _ => SignalKind.None,
    };

    private static TimeSpan? TimeOut(string text) => text switch
    {
        "" => null,
        "inf" => TimeSpan.Zero,
        [.., 'm', 's'] => TimeSpan.FromMilliseconds(int.Parse(text.AsSpan(0, text.Length - 2), null)),
        _ => TimeSpan.FromSeconds(int.Parse(text.AsSpan(0, text.Length - 1), null)),
    };
}
