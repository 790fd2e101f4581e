#!/usr/bin/perl

# Tests for dns_status in nginx -t, and where there is nothing to show.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->allow(qr/\[emerg\]/)
    ->plan(35);

sub said {
    my ($location, $stream) = @_;

    return ($t->test_config(<<EOF_CONF))[1];
%%TEST_GLOBALS%%
events { }
http { %%TEST_GLOBALS_HTTP%% server { listen 127.0.0.1:%%PORT_8080%%;
    location / {
        $location
    } } }
$stream
EOF_CONF
}

my $value = qr{it must be "prometheus", "json", "html" or "ready" in \S+:\d+};

like(said('dns_status xml;', ''),
     qr/"dns_status": invalid value "xml", $value/, 'value');
like(said('dns_status json; dns_status json;', ''),
     qr/"dns_status" directive is duplicate/, 'duplicate');
like(said('dns_status;', ''), qr/invalid number of arguments in "dns_status"/,
     'no value');
like(said("dns_status $_;", ''),
     qr/"dns_status": invalid parameter "\S+", it must be "upstream=" and the name of an upstream, with "ready" only in \S+:\d+/,
     $_)
    for 'ready upstream=', 'ready name=a', 'json upstream=a';

for ([ 'u', qr/test is successful/ ],
     [ '127.0.0.1:53', qr/test is successful/ ],
     [ '127.0.0.1', qr/test is successful/ ],
     [ 'tls://127.0.0.2', qr/test is successful/ ],
     [ '[::1]', qr/test is successful/ ],
     [ '127.0.0.3', qr/"upstream=127.0.0.3" is not the name of/ ],
     [ '127.0.0', qr/"upstream=127.0.0" is not the name of/ ],
     [ 'v', qr/"dns_status": "upstream=v" is not the name of a "dns_upstream", nor the address of a server that a zone is forwarded to, in \S+:\d+/ ])
{
    my ($name, $says) = @$_;

    like(said("dns_status ready upstream=$name;", <<'EOF_CONF'), $says, $name);
stream {
    dns_upstream u { server 127.0.0.1:%%PORT_8081%%; }
    server {
        listen 127.0.0.1:%%PORT_8053%% udp;
        dns_forward a u;
        dns_forward b 127.0.0.1:53;
        dns_forward c tls://127.0.0.2;
        dns_forward d [::1];
        dns_forward e 127.0.0.3:54;
    }
}
EOF_CONF
}

like(said('', 'stream { dns_status json; }'),
     qr/"dns_status" directive is not allowed here/, 'not in stream');

like(said("$_;", ''),
     qr/"dns_status" and "proxy_pass" or the like exclude .* in \S+:\d+/, $_)
    for 'dns_status json; proxy_pass http://127.0.0.1:9',
        'proxy_pass http://127.0.0.1:9; dns_status json';

# "return" comes before any handler; in an "if" it is fine

like(said("$_;", ''),
     qr/"dns_\w+" and "return" or the like exclude .* in \S+:\d+/, $_)
    for 'dns_status json; return 404', 'return 404; dns_status json',
        'dns_control; return 404';
like(said('dns_status json; if ($arg_a) { return 404; }', ''),
     qr/test is successful/, 'return in an if');

# dns_control

like(said("$_;", ''),
     qr/"dns_\w+" and "\w+" or the like exclude .* in \S+:\d+/, $_)
    for 'dns_control; proxy_pass http://127.0.0.1:9',
        'dns_control; dns_status json', 'dns_status json; dns_control';
like(said('dns_control; dns_control;', ''),
     qr/"dns_control" directive is duplicate/, 'duplicate');
like(said('dns_control on;', ''),
     qr/invalid number of arguments in "dns_control"/, 'a value');

like(said("location $_ { dns_control; }", ''),
     qr/"dns_control" must be in a location that is a prefix, .*:\d+/, $_)
    for '= /dns', '~ dns';

# the order of http {} and stream {} does not matter, see the other tests;
# no server of ours, and no stream {} at all

for my $stream ('', 'stream { dns_upstream u { server 127.0.0.1; } }') {

    $t->write_file_expand('nginx.conf', <<"EOF_CONF");
%%TEST_GLOBALS%%
events { }
$stream
http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /metrics { dns_status prometheus; }
        location /status { dns_status json; }
    }
}
EOF_CONF

    $t->run();

    my $m = metrics($t->port(8080));

    is(scalar(grep { /server=/ } keys %$m), 0, 'no servers');

    my $s = status($t->port(8080));

    is_deeply($s->{servers}, [], 'no servers: json');
    is(http($t->port(8080), '/metrics')->{status}, 200, 'but a page');

    $t->stop();
}

is(http_type(), 'none', 'stopped');


sub http_type {
    return IO::Socket::IP->new(PeerHost => '127.0.0.1',
        PeerPort => $t->port(8080)) ? 'some' : 'none';
}
