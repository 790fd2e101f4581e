#!/usr/bin/perl

# Tests for the configuration of servers over TLS: what is refused, what warns,
# and what is good.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Certificate;

my $t = Test::Nginx::DNS->new()->allow(qr/\[emerg\]/);
my $ca = Test::Nginx::DNS::Certificate->new($t);
my $dir = $t->testdir();

$ca->issue('one', 'IP:127.0.0.1');
$ca->openssl("pkey -in $dir/one.key -aes128 -passout pass:secret"
             . " -out $dir/locked.key");

$t->write_file('passwords', "wrong\nsecret\n");
mkdir "$dir/certs" or die;

my $pin = $ca->pin('one');
my $other = 'x' x 43 . '=';
my $server = "server tls://127.0.0.1 pin=$pin;";

my @refused = (

# server

[ 'server 127.0.0.1 name=a;',
  qr/"server": "name=" is for a "tls:\/\/" address, which "127.0.0.1" is no/ ],
[ "server tcp://127.0.0.1 pin=$pin;",
  qr/"server": "pin=" is for a "tls:\/\/" address, which "tcp:\/\/127.0.0.1" / ],
[ 'server tls://unix:/tmp/x;',
  qr/"server": "tls:\/\/" in "tls:\/\/unix:\/tmp\/x" must be left out/ ],
[ 'server tls://127.0.0.1:99999;', qr/"server": invalid address .*invalid po/ ],
[ 'server tls://127.0.0.1; server tls://127.0.0.1:853;',
  qr/"server": duplicate address "127.0.0.1:853"/ ],
[ 'server tls://127.0.0.1 name=a name=b;',
  qr/"server": "name=b" after "name=a": a parameter is given once/ ],
[ "server tls://127.0.0.1 pin=$pin pin=$pin;",
  qr/"server": "pin=\S+" after "pin=\S+": a parameter is given once/ ],
(map { my ($name, $why) = @$_;
       [ "server tls://127.0.0.1 name=$name;",
         qr/"server": invalid parameter "name=\Q$name\E", "name" must .*: $why/ ]
} [ '', 'it is empty' ], [ 'a..b', 'a label of it is empty' ],
  [ 'a.b.', 'it ends with a' ], [ 'a/b', 'there is a character' ],
  [ '*.test', 'there is a character' ],
  [ 'x' x 64, 'a label of it is longer than 63 octets' ],
  [ join('.', ('x' x 60) x 5), 'it is longer than 253 octets' ]),
(map { [ "server tls://127.0.0.1 pin=$_;",
         qr/"server": invalid parameter "pin=\Q$_\E", "pin" must be the SHA-256/ ]
} '', 'abc', substr($pin, 0, 43), "x$pin", 'x' x 44, '!' x 43 . '='),

# values

[ "$server ssl_verify maybe;",
  qr/invalid value "maybe" in "ssl_verify" directive, it must be "on" or "o/ ],
[ "$server ssl_session_reuse maybe;",
  qr/invalid value "maybe" in "ssl_session_reuse" directive, it must be "on"/ ],
(map { [ "$server ssl_verify_depth $_;",
         qr/"ssl_verify_depth": invalid value "$_", it must be a number from 0/ ]
} 'x', '-1', 101),
(map { [ "$server ssl_name $_;", qr/"ssl_name": invalid value "\Q$_\E", it must be a/ ]
} 'a..b', 'a.', 'x' x 64, 'a*'),
[ "$server ssl_protocols TLSv1.2 SSLv3;",
  qr/"ssl_protocols": invalid value "SSLv3", it must be "TLSv1", "TLSv1.1"/ ],
[ "$server ssl_ciphers none;",
  qr/"ssl_ciphers": invalid value "none", it must be a list .* in \S+:\d/ ],
[ "$server ssl_conf_command Nothing x;",
  qr/SSL_CONF_cmd\("Nothing", "x"\) failed.*"ssl_conf_command": invalid comm/s ],
[ "$server ssl_conf_command Options;",
  qr/invalid number of arguments in "ssl_conf_command" directive/ ],
[ "$server ssl_certificate \$x;",
  qr/"ssl_certificate": invalid value "\$x", it must be the name of a file/ ],

# files

[ "$server ssl_certificate $dir/one.pem;",
  qr/no "ssl_certificate_key" beside "ssl_certificate \S+one.pem" in \S+:\d/ ],
[ "$server ssl_certificate_key $dir/one.key;",
  qr/no "ssl_certificate" beside "ssl_certificate_key \S+one.key" in \S+:\d/ ],
[ "$server ssl_certificate $dir/none; ssl_certificate_key $dir/one.key;",
  qr/cannot load certificate .*"ssl_certificate": "\S+none" can't .* in \S+:/s ],
[ "$server ssl_certificate $dir/one.pem; ssl_certificate_key $dir/ca.key;",
  qr/key values mismatch.*"ssl_certificate": "\S+pem" can't .* in \S+:\d/s ],
[ "$server ssl_certificate $dir/one.pem; ssl_certificate_key $dir/one.key;
   ssl_password_file $dir/none;",
  qr/open\(\) .* failed.*"ssl_password_file": "\S+none" can't .* in \S+:/s ],
[ "server tls://127.0.0.1; ssl_trusted_certificate $dir/none;",
  qr/"\S+ .*failed.*"ssl_trusted_certificate": "\S+none" can't .* in \S+:/s ],
[ "server tls://127.0.0.1; ssl_trusted_certificate $dir/ca.pem;
   ssl_crl $dir/none;",
  qr/"\S+none"\S+ .*failed.*"ssl_crl": "\S+none" can't .* in \S+:\d/s ],
[ "server tls://127.0.0.1; ssl_trusted_certificate $dir/ca.pem;
   ssl_crl $dir/ca.pem;",
  qr/"ssl_crl": no certificate revocation list is in|cannot load CRL/ ],
[ "$server ssl_password_file $dir/passwords;",
  qr/no "ssl_certificate_key" beside "ssl_password_file \S+" in \S+:\d/ ],

(map { my ($name) = /^(\w+)/;
       [ "$server $_; $_;",
         qr/"$name" directive is duplicate in dns_upstream "u"/ ]
} 'ssl_verify on', 'ssl_verify_depth 1', "ssl_trusted_certificate $dir/ca.pem",
  "ssl_crl $dir/crl.pem", 'ssl_name a', "ssl_certificate $dir/one.pem",
  "ssl_certificate_key $dir/one.key", "ssl_password_file $dir/passwords",
  'ssl_protocols TLSv1.2', 'ssl_ciphers DEFAULT', 'ssl_session_reuse on'),
);

my @warned = (
[ 'server 127.0.0.1; ssl_verify off;',
  qr/"ssl_..." directives in dns_upstream "u" have no effect: .* in \S+:\d/ ],
[ "server tls://127.0.0.1 pin=$pin; ssl_trusted_certificate $dir/ca.pem;",
  qr/"ssl_trusted_certificate" in dns_upstream "u" has no ef.* all .* in \S+:/ ],
(map { my ($name) = /^(\w+)/;
       [ "server tls://127.0.0.1; ssl_verify off; $_;",
         qr/"$name" in dns_upstream "u" has no effect: "ssl_verify" is "off"/ ]
} "ssl_trusted_certificate $dir/ca.pem", "ssl_crl $dir/crl.pem",
  'ssl_verify_depth 1'),
);

my @good = (
'server tls://127.0.0.1; server tls://[::1]:8853; server 127.0.0.1;',
'server tls://127.0.0.1; server tcp://127.0.0.1:853;',
"server tls://127.0.0.1 pin=$pin pin=$other weight=2 name=2001:db8::1;",
"$server ssl_verify off;",
"$server server tls://[::1]; ssl_verify on; ssl_verify_depth 0; ssl_name dns.example.com;
 ssl_trusted_certificate $dir/ca.pem; ssl_crl $dir/crl.pem;
 ssl_certificate $dir/one.pem; ssl_certificate_key $dir/locked.key;
 ssl_password_file $dir/passwords; ssl_protocols TLSv1.3 TLSv1.2;
 ssl_ciphers HIGH; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
 ssl_conf_command Options -SessionTicket; ssl_session_reuse off;",
);

$t->plan(@refused + @warned + @good + 4);

sub check {
    my ($lines) = @_;

    my $uses = $lines =~ /^dns_/ ? '' : 'dns_forward . u;';
    my $block = $uses ? "dns_upstream u { $lines }" : '';

    my ($code, $out) = $t->test_config(<<EOF);
%%TEST_GLOBALS%%
events { }
stream {
    $block
    server {
        listen 127.0.0.1:%%PORT_8053%% udp;
        listen 127.0.0.1:%%PORT_8053%%;
        @{[ $uses || $lines ]}
    }
}
EOF

    return (!$code, $out);
}

for (@refused) {
    my ($lines, $said) = @$_;
    my ($ok, $got) = check($lines);

    ok(!$ok && $got =~ $said, "refused: $lines") or diag $got;
}

for (@warned) {
    my ($lines, $said) = @$_;
    my ($ok, $got) = check($lines);

    ok($ok && $got =~ $said, "warned: $lines") or diag $got;
}

for (@good) {
    my ($ok, $got) = check($_);

    ok($ok && $got !~ /\[(?:warn|emerg)\]/, "good: $_") or diag $got;
}

# an address

my ($ok, $got) = check('dns_forward . tls://127.0.0.1;');
ok($ok, 'dns_forward') or diag $got;

# no authority at all

{
    local $ENV{SSL_CERT_DIR} = "$dir/certs";
    local $ENV{SSL_CERT_FILE} = "$dir/none";

    ($ok, $got) = check('server tls://127.0.0.1;');
    like($got, qr/no certificate of an authority in /, 'no authorities');

    ($ok, $got) = check($server);
    ok($ok, 'which a pin does not need') or diag $got;

    ($ok, $got) = check('server tls://127.0.0.1; ssl_verify off;');
    ok($ok, 'nor who trusts anybody') or diag $got;
}
