#!/usr/bin/perl

# Tests for dns_resolver_name (RFC 9461, 9462): what is told of a resolver, and
# resolver.arpa without it.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(23);

tls_certificate($t);

my $http2 = $t->newer(1, 25, 1) ? "http2 on;" : '';
my $listen = $http2 ? 'ssl' : 'ssl http2';

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes 1;

events {
}

stream {
    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    server {
        listen             127.0.0.1:%%PORT_8053%% udp;
        listen             127.0.0.1:%%PORT_8053%%;
        listen             127.0.0.1:%%PORT_8853%% ssl;
        dns_service        doh;
        dns_resolver_name  DNS.Example.net;
        dns_forward        . 127.0.0.1:%%PORT_8081%%;
    }

    server {
        listen             127.0.0.1:%%PORT_8054%% udp;
        listen             127.0.0.1:%%PORT_8054%%;
        dns_forward        . 127.0.0.1:%%PORT_8081%%;
    }

    server {
        listen             127.0.0.1:%%PORT_8055%% udp;
        listen             127.0.0.1:%%PORT_8055%%;
        dns_local          off;
        dns_forward        . 127.0.0.1:%%PORT_8081%%;
    }

    server {
        listen             127.0.0.1:%%PORT_8056%% udp;
        listen             127.0.0.1:%%PORT_8056%%;
        dns_forward        resolver.arpa 127.0.0.1:%%PORT_8081%%;
    }
}

http {
    %%TEST_GLOBALS_HTTP%%

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    server {
        listen  127.0.0.1:%%PORT_8443%% LISTEN;
        listen  127.0.0.1:%%PORT_8080%%;
        HTTP2

        location /dns-query {
            dns_over_https  doh;
        }

        location ~ ^/regex {
            dns_over_https  doh;
        }
    }
}

EOF_CONF

$conf =~ s/LISTEN/$listen/;
$conf =~ s/HTTP2/$http2/;

$t->write_file_expand('nginx.conf', $conf);

my $u = $t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->run();

my ($port, $plain, $off, $own) = map { $t->port($_) } 8053 .. 8056;
my $dot = $t->port(8853);
my $doh = $t->port(8443);

sub kdig {
    my $said = `kdig \@127.0.0.1 -p $_[0] $_[1] $_[2] +short 2>&1`;
    return join ' | ', sort split /\n/, $said;
}

my $all = "1 dns.example.net. alpn=dot port=$dot | "
          . "2 dns.example.net. alpn=h2 port=$doh key7=/dns-query{?dns}";

for ('_dns.resolver.arpa', '_DNS.dns.example.net') {
    my $said = kdig($port, $_, 'TYPE64');
    $said =~ s/dohpath/key7/;
    $said =~ s/"//g;
    is($said, $all, "$_ SVCB");

    my $r = dns_query($port, $_, 'A');
    is("$r->{rcode} " . @{$r->{answers}}, 'NOERROR 0', "$_ A: no data");
    is($r->{authority}[0]{type}, 'SOA', "$_ A: SOA");
}

for ($port, $plain) {
    my $r = dns_query($_, 'resolver.arpa', 'A');
    is("$r->{rcode} " . @{$r->{answers}}, 'NOERROR 0', 'resolver.arpa');
    is(dns_query($_, 'x.resolver.arpa', 'A')->{rcode}, 'NXDOMAIN',
       'below it');
}

is(dns_query($plain, '_dns.resolver.arpa', 'SVCB')->{rcode}, 'NXDOMAIN',
   'without dns_resolver_name');
is($u->count, 0, 'nobody was asked');

is(dns_query($port, 'dns.example.net', 'A')->{answers}[0]{data}, '192.0.2.1',
   'the name itself');
is(dns_query($off, 'resolver.arpa', 'A')->{answers}[0]{data}, '192.0.2.1',
   'dns_local off');
is(dns_query($own, '_dns.resolver.arpa', 'A')->{answers}[0]{data},
   '192.0.2.1', 'a zone of its own');

# what is refused, and warned of

sub config {
    return join ' ', $t->test_config(<<"EOF");
%%TEST_GLOBALS%%
events { }
stream { server { listen 127.0.0.1:%%PORT_8057%%; $_[0]
         dns_forward . 127.0.0.1:53; } }
EOF
}

like(config('dns_resolver_name dns.test;'),
     qr/\[warn\].*"dns_resolver_name": there is neither a "listen ... ssl" nor a "dns_over_https" with TLS and HTTP\/2/,
     'nothing to tell of');

for ('a..b', '.', '*.test', '"a b"', 'a/b', join('', ('x' x 60 . '.') x 5)) {
    my $name = s{"}{}gr;

    like(config("dns_resolver_name $_;"),
         qr/\[emerg\].*"dns_resolver_name": invalid name "\Q$name\E"/, "name $name");
}

like(config('dns_resolver_name a.test; dns_resolver_name b.test;'),
     qr/"dns_resolver_name" directive is duplicate/, 'twice');
