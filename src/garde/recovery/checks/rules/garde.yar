/*
  What Garde sweeps for where the hospital has no rules of its own: few, plain, and quiet on an honest Debian server.
  `filepath` and `filename` are set for each file. Put better ones into the hospital's own folder of rules.
*/

rule test_file_of_eicar
{
    meta:
        about = "the antivirus test file: the sweep works"
    strings:
        $a = { 58 35 4F 21 50 25 40 41 50 5B 34 5C 50 5A 58 35 34 28 50 5E 29 37 43 43 29 37 7D 24 45 49 43 41 52 }
    condition:
        $a at 0
}

rule reverse_shell
{
    meta:
        about = "a shell that calls out"
    strings:
        $bash = /(ba|z|k|da)?sh\s+-i\s*(>&|&>|<|[0-2]>)[^\n]{0,20}\/dev\/(tcp|udp)\/[0-9a-zA-Z_.:\-]{3,64}\/[0-9]{1,5}/
        $nc = /\bn(c|cat|etcat)(\.[a-z]{3,12})?\s[^\n#]{0,80}\s-(e|c|-exec|-sh-exec)\s*['"]?\/bin\/(ba|da|z)?sh/
        $fifo = /mkfifo\s[^\n]{1,60};[^\n]{0,60}\/bin\/(ba|da)?sh\s+-i[^\n]{0,40}\|\s*(nc|ncat|telnet|openssl)/
        $py = /\.connect\(\(\s*["'][0-9a-zA-Z_.:\-]{3,64}["']\s*,\s*[0-9]{1,5}\s*\)\)[^\n]{0,80}dup2\(\s*\w+\.fileno\(\)\s*,\s*0/
        $perl = /socket\(\s*S\s*,[^\n]{0,120}connect\(\s*S\s*,[^\n]{0,160}open\(\s*STDIN\s*,\s*"?>&S/
        $socat = /socat\s[^\n]{0,120}exec:['"]?(ba|da)?sh[^\n]{0,60}(tcp|tcp4|tcp6|openssl)(-connect)?:/ nocase
    condition:
        filesize < 4MB and uint32(0) != 0x464c457f and any of them
}

rule fetched_and_run
{
    meta:
        about = "fetches code and runs it, in a place that runs by itself"
    strings:
        $a = /(curl|wget)\s[^\n|;]{1,200}\|\s*(sudo\s+)?(\/bin\/|\/usr\/bin\/)?(ba|da|z)?sh\b/
        $b = /base64\s+(-d|--decode|-D)[^\n|]{0,80}\|\s*(\/bin\/|\/usr\/bin\/)?(ba|da|z)?sh\b/
        $c = /eval\s*["'`$(]+\s*(curl|wget)\s/
    condition:
        filesize < 1MB and any of them and
        filepath matches /\/(cron|systemd\/|profile\.d\/|rc\.local|init\.d\/|spool\/|udev\/|\.bash|\.profile|\.zsh|if-(up|down)|at\.)/
}

rule web_shell
{
    meta:
        about = "a page that runs what a visitor sends"
    strings:
        $php = /<\?(php|=)/ nocase
        $run = /\b(eval|assert|system|passthru|shell_exec|popen|proc_open|pcntl_exec|exec)\s*\(\s*@?(stripslashes\s*\(|base64_decode\s*\(|gzinflate\s*\(|str_rot13\s*\(|trim\s*\(|\s)*\$_(GET|POST|REQUEST|COOKIE|SERVER)\s*\[/ nocase
        $made = /\$\{?["']?_?(GET|POST|REQUEST)["']?\}?\s*\[[^\]]{1,40}\]\s*\(\s*\$\{?["']?_?(GET|POST|REQUEST)/ nocase
        $jsp = /Runtime\.getRuntime\(\)\.exec\(\s*request\.getParameter\(/
        $aspx = /eval\s*\(\s*Request\.(Item|Form|QueryString)\s*\[/ nocase
    condition:
        filesize < 2MB and (($php and ($run or $made)) or $jsp or $aspx)
}

rule userland_rootkit
{
    meta:
        about = "a library that hides files or connections from every program that loads it"
    strings:
        $preload = "/etc/ld.so.preload"
        $net = "/proc/net/tcp"
        $dir = "readdir"
        $next = "dlsym"
    condition:
        uint32(0) == 0x464c457f and filesize < 4MB and all of them
}

rule encryptor_for_hypervisors
{
    meta:
        about = "stops virtual machines and encrypts their disks"
    strings:
        $kill = "esxcli vm process kill" nocase
        $list = "esxcli --formatter=csv --format-param=fields" nocase
        $vim = "vim-cmd vmsvc/" nocase
        $disk = ".vmdk"
        $snap = ".vmsn"
    condition:
        uint32(0) == 0x464c457f and filesize < 16MB and $disk and $snap and 1 of ($kill, $list, $vim)
}

rule ransom_note
{
    meta:
        about = "a note that demands money"
    strings:
        $files = /(your|all)( of)?( your)? (important |network |corporate )?(files|data|documents|servers)[^\n]{0,60}(are|were|have been|has been)( now)?( \w+)? (encrypted|locked|stolen)/ nocase
        $fichiers = /(vos|tous vos)[^\n]{0,20} (fichiers|donn.{1,2}es)[^\n]{0,40}(chiffr|crypt|vol).{1,3}s/ nocase
        $onion = /[a-z2-7]{16,56}\.onion/
        $pay = /(bitcoin|monero|\bBTC\b|\bXMR\b|ransom|decryptor|decryption (key|tool))/ nocase
        $tor = "Tor Browser" nocase
    condition:
        filesize < 128KB and filename matches /\.(txt|html?|hta|rtf|md|readme)$/i and
        ($files or $fichiers) and ($onion or ($pay and $tor))
}
