// Garde's own few rules over ransom notes: marks that a family puts into every note, whatever else differs. `family` is what a
// match speaks for. A hospital adds files of its own in the hub's state directory, under identify/.

rule note_lockbit_black
{
    meta:
        family = "lockbit"
    strings:
        $name = /lockbit\s?(black|2\.0|3\.0|4\.0)/ nocase
        $site = /lockbit(apt|sup|sap|blog)?[a-z2-7]{30,50}\.onion/ nocase
    condition:
        $name and $site
}

rule note_dharma_id
{
    meta:
        family = "dharma"
    strings:
        $a = "all your data has been locked us" nocase
        $b = "You want to return?" nocase
        $c = "write email" nocase
    condition:
        all of them
}

rule note_blackcat_sections
{
    meta:
        family = "blackcat"
    strings:
        $a = ">> What happened?" nocase
        $b = "extension" nocase
        $c = /https?:\/\/[a-z2-7]{56}\.onion\/\?access-key=/ nocase
    condition:
        all of them
}

rule note_clop_signed
{
    meta:
        family = "clop"
    strings:
        $a = /(^|\n)\s*cl[o0]p\^?_?-?\s*($|\r|\n)/ nocase
        $b = "encrypted" nocase
    condition:
        all of them
}

rule note_revil_sections
{
    meta:
        family = "revil"
    strings:
        $a = "---=== Welcome. Again. ===---"
        $b = "[+] Whats Happen? [+]"
        $c = /decryptor\.(top|cc)|aplebzu47wgazapdqks6vrcv6zcnjppkbxbr6wketf56nf6aq2nmyoyd/ nocase
    condition:
        $a and ($b or $c)
}
