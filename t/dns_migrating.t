#!/usr/bin/perl

# The configurations of docs/migrating.md: each starts, and answers.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new();
my $dir = "$FindBin::Bin/../conf/migrating";

# what to ask, and for what answer; the upstream says who was asked by the
# last octet of the address in the file

my %asks = (
    plain => [ [ 'a.example', '192.0.2' ] ],
    nodelocal => [ [ 'a.cluster.local', '192.0.2.10' ],
                   [ 'a.example', '192.0.2' ] ],
    aks => [ [ 'a.cluster.local', '192.0.2.10' ],
             [ 'a.example', '192.0.2.11' ] ],
    openshift => [ [ 'a.corp.example', '192.0.2.10' ],
                   [ 'a.example', '192.0.2.12' ] ],
    onprem => [ [ 'api.ocp.example', '192.0.2.80' ],
                [ 'x.apps.ocp.example', '192.0.2.81' ],
                [ 'a.example', '192.0.2.10' ] ],
    laptop => [ [ 'a.localhost', '127.0.0.1' ] ],
    wans => [ [ 'a.example', '192.0.2.10' ] ],
    authoritative => [ [ 'a.example.org', '192.0.2' ],
                       [ 'a.example', 'REFUSED' ] ],
    dnsdist => [ [ 'a.example.org', '192.0.2.1' ],
                 [ 'a.blocked.example', 'NXDOMAIN' ],
                 [ 'a.example', '192.0.2.1' ] ],
    unbound => [ [ 'printer.home.example', '192.0.2.80' ],
                 [ 'other.home.example', 'NXDOMAIN' ],
                 [ 'a.blocked.example', 'REFUSED' ],
                 [ '1.0.168.192.in-addr.arpa', 'NXDOMAIN' ],
                 [ 'a.corp.example', '192.0.2.1' ] ],
    kubedns => [ [ 'a.cluster.local', '192.0.2.10' ],
                 [ '1.0.0.10.in-addr.arpa', '192.0.2.10' ],
                 [ 'a.corp.example', '192.0.2.11' ],
                 [ 'a.example', '192.0.2.1' ] ],
    haproxy => [ [ 'a.example', '192.0.2.1' ] ],
    bind => [ [ 'a.corp.example', '192.0.2.1' ],
              [ '1.0.0.10.in-addr.arpa', '192.0.2.1' ],
              [ '1.0.168.192.in-addr.arpa', 'NXDOMAIN' ],
              [ 'a.example', '192.0.2.1' ] ],
    dnsmasq => [ [ 'nas.lan', '192.0.2.80' ],
                 [ 'other.lan', 'NXDOMAIN' ],
                 [ 'a.ads.example', '0.0.0.0' ],
                 [ 'a.blocked.example', 'NXDOMAIN' ],
                 [ 'a.corp.example', '192.0.2.10' ],
                 [ '1.0.0.10.in-addr.arpa', '192.0.2.10' ],
                 [ '1.0.168.192.in-addr.arpa', 'NXDOMAIN' ],
                 [ 'a.example', '192.0.2.12' ] ],
    proxy_pass => [ [ 'a.example', '192.0.2.1' ] ]
);

my @names = sort map { m{([^/]+)\.conf$} ? $1 : () } glob "$dir/*.conf";

is_deeply(\@names, [ sort keys %asks ], 'all files are tried');

# 192.0.2.N is 127.0.0.N here, at one port

$t->upstream(8081, sub { { a => '192.0.2.10' } }, addr => '127.0.0.10',
             tcp => 1);

for my $i (11 .. 13) {
    $t->upstream(8081, sub { { a => "192.0.2.$i" } }, addr => "127.0.0.$i",
                 tcp => 1);
}

# names of upstreams and zones are each file's own: an upstream gets that of
# the file in front

my ($n, $stream) = (0, '');
my %port;

for my $name (@names) {
    $port{$name} = 8053 + $n++;

    open my $fh, '<', "$dir/$name.conf" or die "$name.conf: $!\n";
    my $text = join '', <$fh>;
    close $fh;

    $text =~ s/127\.0\.0\.1:53\b/127.0.0.1:%%PORT_$port{$name}%%/g;
    $text =~ s{(server\s+(?:tcp://|tls://)?)192\.0\.2\.(\d+)}
              {${1}127.0.0.$2:%%PORT_8081%%}g;
    $text =~ s/ reuseport//;

    my ($code, $said) = $t->test_config(<<"EOF");
%%TEST_GLOBALS%%
events { }
stream {
$text
}
EOF

    is($code, 0, "$name.conf: nginx -t") or diag($said);

    for my $own ($text =~ /(?:dns_upstream\s+|zone=)(\w+)/g) {
        $text =~ s/\b(dns_upstream\s+|dns_pass\s+|fallback=|
                     dns_forward\s+\S+\s+)$own\b/$1${name}_$own/gx;
        $text =~ s/zone=$own\b/zone=${name}_$own/g;
        $text =~ s/(dns_cache\s+)$own\b/$1${name}_$own/g;
    }

    $stream .= $text;
}

$t->write_file_expand('nginx.conf', <<"EOF");

%%TEST_GLOBALS%%

events {
}

stream {
$stream
}
EOF

$t->run();

for my $name (@names) {
    for my $ask (@{$asks{$name}}) {
        my $m = dns_query($t->port($port{$name}), $ask->[0], 'A');
        my $got = $m->{rcode} eq 'NOERROR' ? $m->{answers}[0]{data}
                                           : $m->{rcode};

        like($got, qr/^\Q$ask->[1]\E/, "$name.conf: $ask->[0]");
    }
}

# what DropAction() is over the limit: many get nothing, and none is sent to TCP

my $r = dns_bulk($t->port($port{dnsdist}), 300, window => 300, timeout => 3,
                 name => sub { "q$_[0].example" });

is($r->{TC} // 0, 0, 'dnsdist.conf: DropAction() says nothing');
cmp_ok(($r->{'192.0.2.12'} // 0) + ($r->{'192.0.2.13'} // 0), '>=', 97,
       'dnsdist.conf: a second of queries at once');

$t->plan();
