using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace MgcpSipBridge.Cli;

/// <summary>Help that ends with how a command is used, and for the program as a whole with its exit codes.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    private static readonly Dictionary<string, string[]> Examples = new(StringComparer.Ordinal)
    {
        [""] = ["status", "calls --watch", "trace 1001", "-c prod lines -o json", "contexts set prod server=https://10.0.0.5:8444 ca=ca.pem token=@alice.token"],
        ["gateways"] = ["gateways --watch", "gateways show vg224", "gateways -o name"],
        ["gateways create"] = ["gateways create vg224 domain=vg224 address=10.0.0.21:2427 profile=cisco"],
        ["gateways update"] = ["gateways update vg224 address=10.0.0.22:2427", "gateways update vg224 traitOverrides.digitMaps="],
        ["gateways delete"] = ["gateways delete vg224 --force"],
        ["gateways adopt"] = ["gateways adopt iad7.example.net --address 10.0.0.37:2427"],
        ["lines"] = ["lines -g vg224", "lines --filter 'registered = false' --order-by gateway", "lines show 1001", "lines --watch -o json"],
        ["lines create"] = ["lines create vg224 1001 endpoint=aaln/S2/0 peer=pbx features.callWaiting=false password=@secret.txt"],
        ["lines update"] = ["lines update 1001 displayName=Alice", "lines update 1001 features.forwardAlways="],
        ["peers"] = ["peers -o yaml"],
        ["peers create"] = ["peers create pbx uri=sip:10.0.0.9:5060 registration=perLine"],
        ["peers probe"] = ["peers probe pbx --timeout 2"],
        ["routes create"] = ["routes create all peer=pbx failover=pbx2,pbx3 stripDigits=1"],
        ["routes test"] = ["routes test 0301234 --from gw1/aaln/1 --at 2026-12-24T23:00+01:00", "routes test 1001 --peer pbx"],
        ["calls"] = ["calls --watch", "calls --watch -o json | jq -c 'select(.change == \"GONE\")'", "calls show ID --ladder"],
        ["calls capture"] = ["calls capture ID -w call.pcap", "calls capture ID -w - | tshark -r -"],
        ["calls originate"] = ["calls originate 1001 1002"],
        ["calls transfer"] = ["calls transfer ID 1003", "calls transfer ID --with OTHER"],
        ["calls play"] = ["calls play ID en/welcome tone:busy=2 --towards line"],
        ["calls collect"] = ["calls collect ID --prompt en/menu --max 1"],
        ["calls dtmf"] = ["calls dtmf ID 12,#"],
        ["calls record"] = ["calls record ID --format stereo", "calls record ID --stop"],
        ["diff"] = ["diff -f api.yaml --prune"],
        ["apply"] = ["apply -f api.yaml --prune", "apply -f - < api.yaml"],
        ["export"] = ["export > api.yaml"],
        ["cdr"] = ["cdr --filter 'line = \"1001\" AND startTime >= 2026-05-01' -n 200"],
        ["events tail"] = ["events tail --filter 'type = \"call.*\" AND call.line = \"1001\"'", "events tail -o json"],
        ["audit"] = ["audit -n 10", "audit show ID"],
        ["contexts set"] = ["contexts set prod server=https://10.0.0.5:8444 ca=ca.pem token=@alice.token"],
        ["trace"] = ["trace 1001", "trace aaln/1@vg224 -n 1"],
        ["completion"] = ["completion bash > /etc/bash_completion.d/mgcpsipctl"],
        ["backup"] = ["backup bridge-monday.db"],
        ["import asterisk"] = ["import asterisk mgcp.conf --peer pbx --dry-run"],
        ["import csv"] = ["import csv lines.csv --mapping columns.txt --peer pbx --dry-run", "import csv lines.csv --yaml - --dry-run > lines.yaml"],
        ["import cucm"] = ["import cucm phones.csv --peer pbx --dry-run"],
        ["recordings get"] = ["recordings get NAME -w call.wav"],
    };

    /// <summary>The commands that have examples, each with them.</summary>
    public static IReadOnlyDictionary<string, string[]> All => Examples;

    /// <summary>Shows examples in the help of a command and of all under it.</summary>
    public static void AddTo(RootCommand root)
    {
        if (root.Options.OfType<HelpOption>().FirstOrDefault() is { Action: HelpAction usual } help) help.Action = new HelpWithExamples(usual);
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var code = usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var path = string.Join(' ', Usage.Path(parseResult.CommandResult).Reverse());
        if (Examples.TryGetValue(path, out var examples))
        {
            output.Write("Examples:\n");
            foreach (var example in examples) output.Write($"  mgcpsipctl {example}\n");
            output.Write("\n");
        }

        if (path.Length == 0) output.Write(ExitCodes.Help);
        return code;
    }
}
