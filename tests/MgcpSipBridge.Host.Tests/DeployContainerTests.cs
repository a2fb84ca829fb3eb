using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using MgcpSipBridge.Host.Configuration;
using YamlDotNet.RepresentationModel;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What image, compose and Kubernetes say fits the program and itself. Nothing is started here.</summary>
public sealed partial class DeployContainerTests
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "deploy");

    public static TheoryData<string> Manifests => ["base", "overlays/laboratory", "overlays/production"];

    public static TheoryData<string> YamlFiles =>
        [.. Directory.EnumerateFiles(Folder, "*.y*ml", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Folder, f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(YamlFiles))]
    public void Yaml_is_yaml(string file) => Assert.NotEmpty(DeployYaml.Read(Path.Combine(Folder, file)));

    [Fact]
    public void The_image_runs_without_rights_what_the_package_installs()
    {
        var text = File.ReadAllText(Path.Combine(Folder, "Dockerfile"));
        var runtime = text[text.LastIndexOf("\nFROM ", StringComparison.Ordinal)..];
        // With time zones: a route's schedule may name one.
        Assert.Contains("-chiseled-extra", runtime, StringComparison.Ordinal);
        Assert.Contains("\nUSER $APP_UID\n", runtime, StringComparison.Ordinal);
        Assert.DoesNotContain("\nRUN ", runtime, StringComparison.Ordinal);
        // There is no shell to run a line of text.
        Assert.Contains("CMD [ \"/usr/lib/mgcp-sip-bridge-cli/mgcpsipctl\", \"ready\" ]", runtime, StringComparison.Ordinal);
        var unit = File.ReadAllText(Path.Combine(Folder, "systemd", "mgcp-sip-bridge.service"));
        var program = ExecStart().Match(unit).Groups[1].Value;
        Assert.Contains($"ENTRYPOINT [ \"{program}\" ]", runtime, StringComparison.Ordinal);
    }

    [Fact]
    public void Compose_mounts_what_there_is_and_waits_for_the_drain()
    {
        var folder = Path.Combine(Folder, "compose");
        var root = Assert.Single(DeployYaml.Read(Path.Combine(folder, "compose.yaml")));
        var services = (YamlMappingNode)root["services"];
        Assert.Equal(["bridge", "grafana", "kamailio", "prometheus"], services.Children.Keys.Select(k => k.ToString()).Order(StringComparer.Ordinal));
        foreach (var mount in services.Children.Values.SelectMany(s => s.At("volumes").Items()).Select(v => v.ToString().Split(':')[0]).Where(v => v.StartsWith('.')))
            Assert.True(Path.Exists(Path.Combine(folder, mount)), mount);

        var settings = Settings(services.At("bridge", "environment")!, "../samples/kamailio", folder);
        Assert.True(Seconds(services.At("bridge", "stop_grace_period")!.ToString()) >= settings.DrainSeconds + settings.StopSeconds + 5);
    }

    [Theory]
    [MemberData(nameof(Manifests))]
    public async Task Kustomize_builds_a_pod_that_drains(string manifest)
    {
        var folder = Path.Combine(Folder, "kubernetes", manifest);
        // What is named is there, also where nobody can build it (Debian's own kubectl is too old to).
        var named = Assert.Single(DeployYaml.Read(Path.Combine(folder, "kustomization.yaml"))).At("resources").Items().ToList();
        Assert.NotEmpty(named);
        Assert.All(named, n => Assert.True(Path.Exists(Path.Combine(folder, n.ToString())), n.ToString()));
        if (Tool.Find("kubectl") is not { } kubectl) return;
        var (code, output, errors) = await kubectl.RunAsync("kustomize", folder);
        Assert.True(code == 0, output + errors);
        var resources = DeployYaml.Parse(output).ToList();
        YamlMappingNode Of(string kind) => Assert.Single(resources, r => r["kind"].ToString() == kind);
        Assert.All(resources.Where(r => r["kind"].ToString() != "Namespace"), r => Assert.Equal("mgcp-sip-bridge", r.At("metadata", "namespace")!.ToString()));
        Assert.Equal("0", Of("PodDisruptionBudget").At("spec", "maxUnavailable")!.ToString());

        var pod = Of("StatefulSet").At("spec", "template", "spec")!;
        Assert.Equal("true", pod.At("hostNetwork")!.ToString());
        var bridge = Assert.Single(pod.At("containers").Items());
        Assert.Equal("/healthz", bridge.At("livenessProbe", "httpGet", "path")!.ToString());
        Assert.Equal("/readyz", bridge.At("readinessProbe", "httpGet", "path")!.ToString());

        // A variable has to stand before those that are made of it, else it stays as it is written.
        var environment = bridge.At("env").Items().ToList();
        var before = new HashSet<string>(StringComparer.Ordinal);
        foreach (var variable in environment)
        {
            Assert.All(Reference().Matches(variable.At("value")?.ToString() ?? ""), r => Assert.Contains(r.Groups[1].Value, before));
            before.Add(variable.At("name")!.ToString());
        }

        // What is mounted is a volume; what is asked for by name is mounted.
        var volumes = pod.At("volumes").Items().Concat(Of("StatefulSet").At("spec", "volumeClaimTemplates").Items().Select(t => t.At("metadata")!)).Select(v => v.At("name")!.ToString()).ToList();
        Assert.Equal(volumes.Order(StringComparer.Ordinal), bridge.At("volumeMounts").Items().Select(m => m.At("name")!.ToString()).Order(StringComparer.Ordinal));

        var file = Path.Combine(Directory.CreateTempSubdirectory("kustomize").FullName, "bridge.json");
        await File.WriteAllTextAsync(file, Of("ConfigMap").At("data", "bridge.json")!.ToString(), Patience.Token);
        var variables = new Hashtable();
        foreach (var variable in environment)
            if (variable.At("value") is { } value) variables[variable.At("name")!.ToString()] = value.ToString().Replace("$(HOST_IP)", "127.0.0.1", StringComparison.Ordinal);
        var loaded = LoadedConfig.Load(file, null, variables, []);
        // The certificate and the tokens are on the cluster alone.
        Assert.DoesNotContain(loaded.Problems, p => !p.ToString().Contains("/etc/mgcp-sip-bridge-t", StringComparison.Ordinal));
        if (loaded.Bridge is { } model)
            Assert.True(Seconds(pod.At("terminationGracePeriodSeconds") + "s") >= (model.Drain + model.Stop).TotalSeconds + 5);
        else
            Assert.True(Seconds(pod.At("terminationGracePeriodSeconds") + "s") >= int.Parse((string)variables["MGCPSIP_Bridge__DrainSeconds"]!, CultureInfo.InvariantCulture) + 15);
    }

    private static BridgeSection Settings(YamlNode environment, string sample, string folder)
    {
        var variables = new Hashtable();
        foreach (var (name, value) in ((YamlMappingNode)environment).Children) variables[name.ToString()] = Default().Replace(value.ToString(), "$1");
        var loaded = LoadedConfig.Load(Path.Combine(folder, sample, "bridge.json"), Path.Combine(folder, sample, "lines.yaml"), variables, []);
        Assert.Empty(loaded.Problems);
        return loaded.Bridge!.Config.Bridge;
    }

    private static int Seconds(string text) => int.Parse(text.TrimEnd('s'), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^ExecStart=(\S+)", RegexOptions.Multiline)]
    private static partial Regex ExecStart();

    [GeneratedRegex(@"\$\(([A-Z_]+)\)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"\$\{[A-Z_]+:-([^}]*)\}")]
    private static partial Regex Default();
}
